package stdio

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary a logging binary if it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv("CONTAINER_ID") == "" {
		os.Exit(m.Run())
	}
	runLogger(os.Args[1:])
}

// runLogger copies its input to the file in its arguments.
func runLogger(args []string) {
	option := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		option[args[i]] = args[i+1]
	}
	if option["crash"] != "" {
		os.Exit(1)
	}
	ready := os.NewFile(5, "ready")
	ready.Write([]byte{1})
	ready.Close()
	out, _ := io.ReadAll(os.NewFile(3, "stdout"))
	errs, _ := io.ReadAll(os.NewFile(4, "stderr"))
	text := fmt.Sprintf("%s/%s %v stdout=%s stderr=%s",
		os.Getenv("CONTAINER_NAMESPACE"), os.Getenv("CONTAINER_ID"), args, out, errs)
	os.WriteFile(option["file"], []byte(text), 0o600)
}

func TestLoggingBinary(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"binary", "binary-v2"} {
		t.Run(scheme, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log")
			uri := fmt.Sprintf("%s://%s?file=%s&b=2&a=1", scheme, self, file)
			o := open(t, Streams{Stdout: uri, Stderr: uri})
			out, errs := take(t, o.Stdout), take(t, o.Stderr)
			start(t, o, nil)
			io.WriteString(out, "hello")
			io.WriteString(errs, "trouble")
			out.Close()
			errs.Close()
			o.Exited()
			mustClose(t, o)
			got, err := os.ReadFile(file)
			want := fmt.Sprintf("ns1/c1 [a 1 b 2 file %s] stdout=hello stderr=trouble", file)
			if err != nil || string(got) != want {
				t.Errorf("logger saw %q, %v; want %q", got, err, want)
			}
		})
	}
}

// Under binary-v2, a logging binary that ends without a byte on the ready pipe is an
// error. Under binary it looks like one that is ready.
func TestLoggingBinaryCrashes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = Open(Streams{Stdout: "binary-v2://" + self + "?crash=yes"}, Owner{ID: "c1", Namespace: "ns1"})
	if err == nil || !strings.Contains(err.Error(), "before it was ready") {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
}
