package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// trapping is a script that prints its signals. As it is a container's init,
// the kernel drops signals that it does not trap.
const trapping = `trap "echo hup" HUP; trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done`

func TestKill(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := launch(t, id, sh(trapping))
	c.stdout.await(t, "ready")
	mustCtr(t, "task", "kill", "--signal", "SIGHUP", id)
	c.stdout.await(t, "hup")
	mustCtr(t, "task", "kill", id) // SIGTERM
	if got := c.end(t); got.code != 9 {
		t.Errorf("got %+v", got)
	}
}

func TestKillExec(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	var out output
	p, exits := c.startExec(t, &out, sh(trapping))
	out.await(t, "ready")
	if err := p.Kill(bounded(t), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the process", exits).ExitCode(); got != 9 {
		t.Errorf("got %d", got)
	}
	if _, err := p.Delete(bounded(t)); err != nil {
		t.Error(err)
	}
	if status, err := c.task.Status(bounded(t)); err != nil || status.Status != containerd.Running {
		t.Errorf("the container is %+v, %v", status, err)
	}
}

// Where init's end does not take the others along, --all does.
func TestKillAllWithHostPids(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := launch(t, id, sh("sleep 1000 & sleep 1000 & echo $!; wait"), oci.WithHostNamespace(specs.PIDNamespace))
	c.stdout.await(t, "\n")
	pids := len(lines(mustCtr(t, "task", "ps", id))) - 1 // without the heading
	if pids != 3 {
		t.Errorf("%d processes, want 3", pids)
	}
	child := strings.TrimSpace(c.stdout.String())
	mustCtr(t, "task", "kill", "--all", "--signal", "SIGKILL", id)
	if got := c.end(t); got.code != 137 {
		t.Errorf("got %+v", got)
	}
	eventually(t, "process "+child+" is gone", func() bool { return !exists(child) })
}

// With the host's pids the kernel does not end the others when init ends by itself. The
// shim does, before it reports init's exit.
func TestInitsEndWithHostPids(t *testing.T) {
	t.Parallel()
	c := launch(t, newID(t), sh("sleep 1000 >/dev/null 2>&1 & echo $!; exit 3"), oci.WithHostNamespace(specs.PIDNamespace))
	if code := await(t, "init", c.exits).ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	c.stdout.await(t, "\n")
	child := strings.TrimSpace(c.stdout.String())
	eventually(t, "process "+child+" is gone", func() bool { return !exists(child) })
}

// exists reports whether there is a process, other than one that is dead
// already and waits for the host's init.
func exists(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func TestPause(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := launch(t, id, sh("i=0; while :; do echo $i; i=$((i+1)); sleep 0.01; done"))
	c.stdout.await(t, "3\n")
	mustCtr(t, "task", "pause", id)
	if line := taskLine(t, id); !strings.Contains(line, "PAUSED") {
		t.Errorf("paused, it is listed as %q", line)
	}
	frozen := settled(t, c.stdout)
	if got := ctr(t, execArgs(id, "e1", nil, []string{"/bin/true"})...); got.ExitCode == 0 || !strings.Contains(got.Stderr, "paused") {
		t.Errorf("an exec while paused: %+v", got)
	}
	if still := c.stdout.String(); still != frozen {
		t.Errorf("it ran while paused: %q after %q", still, frozen)
	}
	mustCtr(t, "task", "resume", id)
	eventually(t, "it runs again", func() bool { return len(c.stdout.String()) > len(frozen) })
	if line := taskLine(t, id); !strings.Contains(line, "RUNNING") {
		t.Errorf("resumed, it is listed as %q", line)
	}
}

// A paused container can be killed: containerd's clients do not resume first.
func TestKillPaused(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	if err := c.task.Pause(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := c.end(t); got.code != 137 {
		t.Errorf("got %+v", got)
	}
}

// settled returns the output once what was on its way has arrived.
func settled(t *testing.T, o *output) string {
	t.Helper()
	before, since := "", time.Now()
	eventually(t, "the output rests", func() bool {
		if now := o.String(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
	return before
}
