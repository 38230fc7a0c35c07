package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// eachLeaver runs a test with programs whose first thread ends while another runs on:
// by exit(2), and by a filter that kills the thread.
func eachLeaver(t *testing.T, test func(t *testing.T, steps []string, opts []oci.SpecOpts)) {
	t.Helper()
	killsThread := under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_KILL"}]}`))
	for _, leave := range []string{"leave", "leave:" + call("getpgid", 0)} {
		for _, host := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the host's pids %v", leave, host), func(t *testing.T) {
				t.Parallel()
				opts := []oci.SpecOpts{killsThread}
				if host {
					opts = append(opts, oci.WithHostNamespace(specs.PIDNamespace))
				}
				test(t, []string{leave, "hold"}, opts)
			})
		}
	}
}

// mustBeZombie checks that the process's first thread has ended, because the test is
// about that.
func mustBeZombie(t *testing.T, pid uint32) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || !strings.Contains(string(text), ") Z ") {
		t.Fatalf("process %d is no zombie: %s, %v", pid, text, err)
	}
}

// killTime is the limit for a SIGKILL.
var killTime = testbed.Patient(time.Second)

// A process whose first thread has ended can be killed.
func TestKillWithoutFirstThread(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(t *testing.T, steps []string, opts []oci.SpecOpts) {
		c := launch(t, newID(t), calls(steps...), opts...)
		c.stdout.await(t, "hold -> waiting")
		mustBeZombie(t, c.task.Pid())
		if status, err := c.task.Status(bounded(t)); err != nil || status.Status != containerd.Running {
			t.Errorf("the container is %+v, %v", status, err)
		}
		began := time.Now()
		if got := c.kill(t); got.code != 137 {
			t.Errorf("got %+v", got)
		}
		if took := time.Since(began); took > killTime {
			t.Errorf("its end took %v", took)
		}
	})
}

// The same for an exec'd process.
func TestKillExecWithoutFirstThread(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(t *testing.T, steps []string, opts []oci.SpecOpts) {
		c := hold(t, newID(t), nil, opts...)
		var out output
		p, exits := c.startExec(t, &out, calls(steps...))
		out.await(t, "hold -> waiting")
		mustBeZombie(t, p.Pid())
		began := time.Now()
		if err := p.Kill(bounded(t), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if got := await(t, "the process", exits).ExitCode(); got != 137 {
			t.Errorf("exit code %d", got)
		}
		if took := time.Since(began); took > killTime {
			t.Errorf("its end took %v", took)
		}
		if _, err := p.Delete(bounded(t)); err != nil {
			t.Error(err)
		}
	})
}

// A process whose first thread has ended is killed when init ends.
func TestOrphanWithoutFirstThreadEndsWithInit(t *testing.T) {
	t.Parallel()
	c := launch(t, newID(t), sh("/bin/calls leave hold & echo pid=$!; wait"), oci.WithHostNamespace(specs.PIDNamespace))
	c.stdout.await(t, "hold -> waiting")
	_, rest, _ := strings.Cut(c.stdout.String(), "pid=")
	orphan, _, _ := strings.Cut(rest, "\n")
	if got := c.kill(t); got.code != 137 {
		t.Errorf("got %+v", got)
	}
	eventually(t, "process "+orphan+" is gone", func() bool { return len(liveThreads(orphan)) == 0 })
}

// liveThreads returns the threads of a process that have not ended.
func liveThreads(pid string) (live []string) {
	threads, _ := os.ReadDir(filepath.Join("/proc", pid, "task"))
	for _, thread := range threads {
		if exists(thread.Name()) {
			live = append(live, thread.Name())
		}
	}
	return live
}

// The clean-up after a killed shim ends such a process: see newID.
func TestKilledShimWithoutFirstThread(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(t *testing.T, steps []string, opts []oci.SpecOpts) {
		published := subscribe(t)
		id := newID(t)
		c := launch(t, id, calls(steps...), opts...)
		c.stdout.await(t, "hold -> waiting")
		mustBeZombie(t, c.task.Pid())
		kill(t, shimOf(t, c.task.Pid()))
		eventually(t, "its deletion is published", func() bool { return slices.Contains(published.of(id), "delete") })
		if threads := liveThreads(fmt.Sprint(c.task.Pid())); len(threads) > 0 {
			t.Errorf("threads %v of its init live", threads)
		}
	})
}

// A container whose first thread has ended can be frozen and thawed, entered, measured
// and listed.
func TestOperateWithoutFirstThread(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(t *testing.T, steps []string, opts []oci.SpecOpts) {
		c := launch(t, newID(t), calls(steps...), opts...)
		c.stdout.await(t, "hold -> waiting")
		mustBeZombie(t, c.task.Pid())
		if got := c.exec(t, calls("status", "exit:3")); got.code != 3 || !strings.Contains(got.stdout, "Seccomp -> 2") {
			t.Errorf("an exec: %+v", got)
		}
		if err := c.task.Pause(bounded(t)); err != nil {
			t.Errorf("pause: %v", err)
		}
		if status, err := c.task.Status(bounded(t)); err != nil || status.Status != containerd.Paused {
			t.Errorf("the paused container is %+v, %v", status, err)
		}
		if err := c.task.Resume(bounded(t)); err != nil {
			t.Errorf("resume: %v", err)
		}
		if _, err := c.task.Metrics(bounded(t)); err != nil {
			t.Errorf("metrics: %v", err)
		}
		if pids, err := c.task.Pids(bounded(t)); err != nil || len(pids) != 1 || pids[0].Pid != c.task.Pid() {
			t.Errorf("pids: %+v, %v", pids, err)
		}
		if got := c.kill(t); got.code != 137 {
			t.Errorf("got %+v", got)
		}
	})
}
