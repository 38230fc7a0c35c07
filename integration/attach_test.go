package integration

import (
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

// A client that attaches to a detached container gets its stdin, stdout and stderr, and
// its exit code. This holds also long after the client that detached, whose own stdin
// was empty.
func TestAttach(t *testing.T) {
	t.Parallel()
	for fact, pause := range map[string]time.Duration{"at once": 0, "later": 4 * time.Second} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			const script = `while read word; do echo "out $word"; echo "err $word" >&2; [ $word = end ] && exit 6; done`
			mustCtr(t, runArgs(id, []string{"-d"}, sh(script))...)
			time.Sleep(pause)
			got := piped(t, strings.NewReader("one\nend\n"), []string{"task", "attach", id})
			if want := (testbed.Result{Stdout: "out one\nout end\n", Stderr: "err one\nerr end\n", ExitCode: 6}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestAttachAtTerminal(t *testing.T) {
	t.Parallel()
	id := newID(t)
	// ctr makes its own terminal raw, so it needs one for -d too.
	if code := atTerminal(t, runArgs(id, []string{"-d", "-t"}, []string{"/bin/sh"})).exitCode(t); code != 0 {
		t.Fatalf("run -d -t: exit code %d", code)
	}
	converse(t, atTerminal(t, []string{"task", "attach", id}))
}
