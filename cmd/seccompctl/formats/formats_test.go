package formats

import (
	"os"
	"strings"
	"testing"
	"time"

	"seccomp-shim/seccomp"
)

var here = seccomp.Place{Capabilities: []string{"CAP_CHOWN"}, Arch: "amd64", Kernel: seccomp.Kernel{Version: 6, Revision: 1}}

const examples = "../command/testdata/formats/"

func TestRead(t *testing.T) {
	for name, want := range map[string]Format{"docker.json": Docker, "podman.json": Podman, "operator.yaml": Operator, "../fewer.json": OCI} {
		text, err := os.ReadFile(examples + name)
		if err != nil {
			t.Fatal(err)
		}
		r, format, err := Read(text, here)
		if err != nil || format != want || len(r.Spec().Syscalls) == 0 {
			t.Errorf("%s: %s, %v", name, format, err)
		}
	}
}

func TestErrnoOf(t *testing.T) {
	for name, want := range map[string]uint{"EPERM": 1, "ENOSYS": 38, "EBOGUS": 0, "": 0} {
		if n, ok := errnoOf(name); n != want || ok != (want > 0) {
			t.Errorf("%s: %d, %v", name, n, ok)
		}
	}
}

// YAML whose aliases stand for gigabytes costs neither memory nor time.
func TestAliasesDoNotGrow(t *testing.T) {
	bomb := "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\na0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		last := "*a" + string(rune('a'+i-2))
		if i == 1 {
			last = "*a0"
		}
		bomb += "a" + string(rune('a'+i-1)) + ": &a" + string(rune('a'+i-1)) + " [" + strings.TrimSuffix(strings.Repeat(last+",", 9), ",") + "]\n"
	}
	start := time.Now()
	_, _, err := Read([]byte(bomb+"spec: *aa\n"), here)
	if err == nil || !strings.Contains(err.Error(), "excessive aliasing") || time.Since(start) > 10*time.Second {
		t.Errorf("after %v: %.300v", time.Since(start), err)
	}
}

// What is read is written in OCI's format, and means the same to a reader of that.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"docker.json", "podman.json", "operator.yaml", "../fewer.json"} {
		text, err := os.ReadFile(examples + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _, err := Read(text, here)
		if err != nil {
			return
		}
		written, err := Write(r.Profile)
		if err != nil {
			t.Fatal(err)
		}
		again, err := seccomp.Parse(written)
		if err != nil {
			t.Fatalf("%q: written as %s: %v", text, written, err)
		}
		if twice, err := Write(again); err != nil || string(twice) != string(written) {
			t.Errorf("%q: written as %s, and then as %s", text, written, twice)
		}
	})
}
