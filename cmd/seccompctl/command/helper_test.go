package command

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
)

// toolEnv makes the test binary run as seccompctl.
const toolEnv = "SECCOMPCTL_TEST_TOOL"

func TestMain(m *testing.M) {
	compile.Helper()
	switch {
	case os.Getenv(toolEnv) != "":
		os.Exit(Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	case os.Getenv(confineEnv) != "":
		confine()
	}
	os.Exit(m.Run())
}

// A said is the exit code and the output of seccompctl.
type said struct {
	code           int
	stdout, stderr string
}

func ctl(stdin string, args ...string) said {
	var stdout, stderr bytes.Buffer
	code := Run(args, strings.NewReader(stdin), &stdout, &stderr)
	return said{code, stdout.String(), stderr.String()}
}

func mustCtl(t *testing.T, args ...string) string {
	t.Helper()
	got := ctl("", args...)
	if got.code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, got.code, got.stderr)
	}
	return got.stdout
}

// process runs seccompctl in a process of its own and returns its standard output.
func process(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), toolEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

func needAMD64(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the profiles of this test name x86 architectures")
	}
}

func profileIn(t *testing.T, file string) *seccomp.Profile {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := seccomp.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compiled(t *testing.T, p *seccomp.Profile) bpf.Program {
	t.Helper()
	result, err := compile.Compile(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return result.Program
}
