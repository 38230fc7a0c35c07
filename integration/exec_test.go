package integration

import (
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

func TestExec(t *testing.T) {
	t.Parallel()
	id := newID(t)
	hold(t, id, nil)

	got := piped(t, strings.NewReader("in\n"), execArgs(id, "e1", nil, sh("cat; echo err >&2; exit 4")))
	if want := (testbed.Result{Stdout: "in\n", Stderr: "err\n", ExitCode: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := mustCtr(t, execArgs(id, "e2", []string{"--user", "1000:1001", "--cwd", "/tmp"}, sh("id -u; id -g; pwd"))...); got != "1000\n1001\n/tmp\n" {
		t.Errorf("as another user in another folder: %q", got)
	}
}

func TestExecDetached(t *testing.T) {
	t.Parallel()
	id := newID(t)
	hold(t, id, nil)
	mustCtr(t, execArgs(id, "later", []string{"-d"}, []string{"/bin/sleep", "1000"})...)
	if processes := mustCtr(t, "task", "ps", id); !strings.Contains(processes, "later") {
		t.Errorf("the process is not listed:\n%s", processes)
	}
	mustCtr(t, "task", "kill", "--signal", "SIGTERM", "--exec-id", "later", id)
	eventually(t, "the process is gone", func() bool {
		return !strings.Contains(mustCtr(t, "task", "ps", id), "later")
	})
	if got := ctr(t, "task", "delete", "--exec-id", "later", id); got.ExitCode != 128+15 {
		t.Errorf("deleted with %+v, want the exit code of SIGTERM", got)
	}
}

// An exec takes its settings from its own process, not from init's.
func TestExecIsAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	var answers []string
	for _, script := range []string{"echo $$ > /tmp/pid; echo $$", "cat /tmp/pid; [ $$ != $(cat /tmp/pid) ] && echo other"} {
		got := c.exec(t, sh(script))
		if got.code != 0 {
			t.Errorf("%s: %+v", script, got)
		}
		answers = append(answers, got.stdout)
	}
	if answers[0] == "1\n" || answers[1] != answers[0]+"other\n" {
		t.Errorf("processes answered %q", answers)
	}
}
