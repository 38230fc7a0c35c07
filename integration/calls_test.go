package integration

import (
	"testing"

	"seccomp-shim/integration/steps"
)

// The calls program's command lines and answers: see package steps.

func calls(all ...string) []string { return steps.Args(all...) }

func call(name string, args ...uint64) string { return steps.Call(name, args...) }

func legacy(name string, args ...uint64) string { return steps.Legacy(name, args...) }

func x32(name string, args ...uint64) string { return steps.X32(name, args...) }

func answers(stdout string) map[string]string { return steps.Answers(stdout) }

// mustAnswer compares what the calls program, run as who, said with what it
// should have.
func mustAnswer(t *testing.T, who, stdout string, want map[string]string) {
	t.Helper()
	got := answers(stdout)
	for step, result := range want {
		if got[step] != result {
			t.Errorf("%s: %s: got %q, want %q", who, step, got[step], result)
		}
	}
}

// expectation is what a call should come to.
type expectation struct{ step, want string }

// split returns the steps, and what each should come to.
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
