package integration

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// The exporter serves the refused calls of a real container.
func TestExporter(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	id := newObservedID(t)
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`)
	c := hold(t, id, []string{call("getpgid", 7), call("getpgid", 8)}, under(p), annotatedWith(observeAs+"denials"))
	c.exec(t, calls(call("getpgid", 9))) // its end has the report written

	exporter := exec.Command(filepath.Join(testbed.BinDir(), "seccomp-exporter"), "--listen", "localhost:0")
	said, err := exporter.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := exporter.Start(); err != nil {
		t.Skip("make test builds it: ", err)
	}
	t.Cleanup(func() {
		_ = exporter.Process.Kill()
		_ = exporter.Wait()
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "seccomp-exporter: ")
	if err != nil || !found {
		t.Fatalf("it says %q, %v", line, err)
	}
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `seccomp_denials_total{answer="ERRNO(71 protocol error)",container="` + id + `",mode="denials",namespace="",pod="",syscall="getpgid"} 3` + "\n"
	if !strings.Contains(string(text), want) {
		t.Errorf("there is no %s", want)
	}
	c.kill(t)
}
