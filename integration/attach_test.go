package integration

import (
	"testing"

	"strings"

	"seccomp-shim/integration/testbed"
)

// A client that attaches to a detached container has its stdin, stdout and
// stderr, and learns how it ends.
func TestAttach(t *testing.T) {
	t.Parallel()
	id := newID(t)
	const script = `while read word; do echo "out $word"; echo "err $word" >&2; [ $word = end ] && exit 6; done`
	mustCtr(t, runArgs(id, []string{"-d"}, sh(script))...)
	cmd := node.Command(bounded(t), "task", "attach", id)
	cmd.Stdin = strings.NewReader("one\nend\n")
	got, err := testbed.Run(cmd)
	if want := (testbed.Result{Stdout: "out one\nout end\n", Stderr: "err one\nerr end\n", ExitCode: 6}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestAttachAtTerminal(t *testing.T) {
	t.Parallel()
	id := newID(t)
	// ctr sets its own terminal raw, so it needs one also to detach.
	if code := atTerminal(t, runArgs(id, []string{"-d", "-t"}, []string{"/bin/sh"})).exitCode(t); code != 0 {
		t.Fatalf("run -d -t: exit code %d", code)
	}
	converse(t, atTerminal(t, []string{"task", "attach", id}))
}
