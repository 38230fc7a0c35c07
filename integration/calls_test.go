package integration

import (
	"runtime"
	"testing"

	"seccomp-shim/integration/steps"
)

// Short forms of package steps: command lines of the calls program, and its answers.

func calls(all ...string) []string { return steps.Args(all...) }

// native is the ABI of this machine's programs.
var native = map[string]string{"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"}[runtime.GOARCH]

func call(name string, args ...uint64) string { return steps.Call(name, args...) }

func legacy(name string, args ...uint64) string { return steps.Legacy(name, args...) }

func x32(name string, args ...uint64) string { return steps.X32(name, args...) }

func answers(stdout string) map[string]string { return steps.Answers(stdout) }

// mustAnswer compares the output of the calls program with the wanted results. who
// names the process in errors.
func mustAnswer(t *testing.T, who, stdout string, want map[string]string) {
	t.Helper()
	got := answers(stdout)
	for step, result := range want {
		if got[step] != result {
			t.Errorf("%s: %s: got %q, want %q", who, step, got[step], result)
		}
	}
}

// expectation is a step and its wanted result.
type expectation struct{ step, want string }

// split returns the steps, and the wanted result of each.
func split(all []expectation) (steps []string, want map[string]string) {
	want = map[string]string{}
	for _, e := range all {
		steps = append(steps, e.step)
		if e.want != "" {
			want[e.step] = e.want
		}
	}
	return steps, want
}
