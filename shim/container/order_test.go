package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// However soon a process ends, its start is reported first.
func TestStartIsReportedBeforeExit(t *testing.T) {
	for _, execID := range []string{"", "exec"} {
		c, _, events := fake(t)
		p := c.init
		want := []string{"created c", "started ", "exited 3 "}
		if execID != "" {
			p = addExec(t, c, execID)
			want = []string{"created c", "added exec", "started exec", "exited 3 exec"}
		}
		events.onStarted = func(p *Process) {
			p.launchedChild().(*fakeChild).end(3)
			if execID == "" { // an exec's waiter begins after this
				<-p.gone
			}
			time.Sleep(aMoment) // for the waiter to report the exit
		}
		start(t, p)
		awaitExit(t, p)
		events.want(t, want...)
	}
}

// An init's exit is reported after those of all execs, also of one that its start has
// only admitted when init exits.
func TestExecsExitBeforeInit(t *testing.T) {
	c, b, events := fake(t)
	init := start(t, c.init)
	running, late := addExec(t, c, "running"), addExec(t, c, "late")
	exec := start(t, running)

	letGo := b.hold("startExec")
	started := make(chan error, 1)
	go func() { started <- late.Start(t.Context()) }()
	for end := time.Now().Add(longEnough); b.count("startExec") < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	init.end(1)
	awaitCall(t, b, "killOthers")
	exec.end(2)
	awaitExit(t, running)
	time.Sleep(aMoment)
	events.want(t, "created c", "started ", "added running", "added late", "started running", "exited 2 running")

	letGo()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if n := b.count("killOthers"); n != 2 {
		t.Errorf("the others were killed %d times, not once more after the late start", n)
	}
	late.launchedChild().(*fakeChild).end(4)
	awaitExit(t, c.init)
	if got := events.all()[6:]; len(got) != 3 || got[0] != "started late" || got[1] != "exited 4 late" || got[2] != "exited 1 " {
		t.Errorf("then the events are %q", got)
	}
	if err := addExecLate(c, t).Start(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("an exec after init's exit: %v", err)
	}
}

// addExecLate adds an exec as if it had been added before init's exit.
func addExecLate(c *Container, t *testing.T) *Process {
	t.Helper()
	return newProcess(c, "later", validSpec().Process, noStreams(t))
}

// A process that did not run its program was not started, so it does not exit either;
// and nobody waits for it.
func TestFailedExecIsNotReported(t *testing.T) {
	for _, call := range []string{"startExec", "load", "awaitExecve"} {
		c, b, events := fake(t)
		init := start(t, c.init)
		b.fail(call, errFake)
		p := addExec(t, c, "exec")
		if err := p.Start(t.Context()); !errors.Is(err, errFake) {
			t.Errorf("%s: %v", call, err)
		}
		if exit := awaitExit(t, p); exit.Status != 255 || p.State() != Stopped {
			t.Errorf("%s: exit %+v, state %s", call, exit, p.State())
		}
		if killed := b.count("signal 9") == 1; killed != (call != "startExec") {
			t.Errorf("%s: killed: %v", call, killed)
		}
		init.end(0)
		awaitExit(t, c.init)
		events.want(t, "created c", "started ", "added exec", "exited 0 ")
	}
}

// With a listener a process is started before execve has returned. Its exit is reported
// when nobody follows it any more, so that a complaint still finds its stderr.
func TestExitIsReportedAfterTheComplaint(t *testing.T) {
	c, b, events := fake(t, func(cfg *Config) {
		cfg.Filter = &Filter{Name: "the profile", Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}
	})
	b.fail("awaitExecve", errFake)
	letGo := b.hold("close") // the last that the shim does for execve
	start(t, c.init)
	awaitCall(t, b, "wait") // the process was killed
	time.Sleep(aMoment)
	events.want(t, "created c", "started ")
	letGo()
	if exit := awaitExit(t, c.init); exit.Status != 128+int(unix.SIGKILL) {
		t.Errorf("a process that does not run its program ends with %+v", exit)
	}
	events.want(t, "created c", "started ", "exited 137 ")
}

// A kill by the OOM killer is reported before the exit of the process that it has hit: an
// exec's, and the init's, also if the kill is among what is left when init has exited.
func TestOOMIsReportedBeforeExit(t *testing.T) {
	c, b, events := fake(t)
	file := filepath.Join(t.TempDir(), "memory.events")
	overwrite(t, file, "oom_kill 0\n")
	c.oom = &oomWatch{file: file, report: func() { events.OOM(c) }}
	init := start(t, c.init)
	p := addExec(t, c, "exec")
	exec := start(t, p)

	overwrite(t, file, "oom_kill 1\n")
	exec.end(137)
	awaitExit(t, p)
	letGo := b.hold("killOthers")
	init.end(0)
	awaitCall(t, b, "killOthers")
	overwrite(t, file, "oom_kill 2\n")
	letGo()
	awaitExit(t, c.init)
	events.want(t, "created c", "started ", "added exec", "started exec", "oom c", "exited 137 exec", "oom c", "exited 0 ")
}

// A created container that is deleted is killed, and its exit reported, before it is
// removed.
func TestDeleteOfACreatedContainer(t *testing.T) {
	c, b, events := fake(t)
	letGo := b.hold("destroy")
	deleted := make(chan error, 1)
	go func() {
		_, err := c.init.Delete(t.Context())
		deleted <- err
	}()
	awaitCall(t, b, "destroy")
	events.want(t, "created c", "exited 137 ")
	if s := c.State(); s != Stopped {
		t.Errorf("before it is removed the state is %s", s)
	}
	letGo()
	if err := <-deleted; err != nil || c.State() != Deleted {
		t.Errorf("%v, state %s", err, c.State())
	}
}

// A start of an init that has ended, or ends meanwhile, fails, and the error has the status.
func TestEarlyExit(t *testing.T) {
	for _, before := range []bool{true, false} {
		c, b, events := fake(t)
		init := c.init.launchedChild().(*fakeChild)
		if before {
			init.end(5)
			awaitExit(t, c.init)
		} else {
			b.hold("release")
			go func() { awaitCall(t, b, "release"); init.end(5) }()
		}
		err := c.init.Start(t.Context())
		if early := (*earlyExitError)(nil); !errors.As(err, &early) || early.Status != 5 {
			t.Errorf("got %v", err)
		}
		awaitExit(t, c.init)
		events.want(t, "created c", "exited 5 ")
	}
}

// A container from a checkpoint has its processes when it is started.
func TestRestoreIsAStart(t *testing.T) {
	c, b, events := fake(t, fromCheckpoint)
	if b.count("startInit") > 0 || c.init.Pid() != 0 {
		t.Error("a process is made before the start")
	}
	start(t, c.init).end(6)
	awaitExit(t, c.init)
	events.want(t, "created c", "started ", "exited 6 ")

	c, b, events = fake(t, fromCheckpoint)
	b.fail("restore", errFake)
	if err := c.init.Start(t.Context()); !errors.Is(err, errFake) {
		t.Errorf("got %v", err)
	}
	if err := c.init.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "status 255") {
		t.Errorf("a second start: %v", err)
	}
	events.want(t, "created c")
}

func fromCheckpoint(cfg *Config) { cfg.Checkpoint = os.DevNull }
