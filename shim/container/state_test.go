package container

import (
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// The state machine, cell by cell, as containerd's clients see it: ok, a wrong
// state (FailedPrecondition), or nothing left (NotFound).
func TestLegality(t *testing.T) {
	const (
		ok    = ""
		wrong = "wrong"
		gone  = "gone"
	)
	table := map[State]map[Op]string{
		Created: {OpStart: ok, OpExec: ok, OpKill: ok, OpPause: wrong, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: wrong, OpDelete: ok},
		Running: {OpStart: wrong, OpExec: ok, OpKill: ok, OpPause: ok, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: ok, OpDelete: wrong},
		Pausing: {OpStart: wrong, OpExec: wrong, OpKill: ok, OpPause: wrong, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: wrong, OpDelete: wrong},
		Paused:  {OpStart: wrong, OpExec: wrong, OpKill: ok, OpPause: wrong, OpResume: ok, OpResize: ok, OpUpdate: ok, OpCheckpoint: ok, OpDelete: wrong},
		Stopped: {OpStart: wrong, OpExec: wrong, OpKill: gone, OpPause: wrong, OpResume: wrong, OpResize: wrong, OpUpdate: wrong, OpCheckpoint: wrong, OpDelete: ok},
		Deleted: {OpStart: wrong, OpExec: wrong, OpKill: gone, OpPause: wrong, OpResume: wrong, OpResize: wrong, OpUpdate: wrong, OpCheckpoint: wrong, OpDelete: gone},
	}
	for s := range numStates {
		for op := range numOps {
			want, listed := table[s][op]
			if !listed {
				t.Errorf("%s in state %s is not in the table", op, s)
			}
			got := ok
			var stateErr *StateError
			if err := check(op, s); errors.As(err, &stateErr) {
				got = wrong
				if stateErr.Gone {
					got = gone
				}
			}
			if got != want {
				t.Errorf("%s in state %s: got %q, want %q", op, s, got, want)
			}
		}
	}
}

// Each operation obeys the table, and one that is refused reaches no process.
func TestOperationsObeyTheState(t *testing.T) {
	for op, do := range map[Op]func(*Container) error{
		OpStart: func(c *Container) error { return c.init.Start(t.Context()) },
		OpExec: func(c *Container) error {
			_, err := c.AddExec("exec", validSpec().Process, noStreams(t))
			return err
		},
		OpKill:       func(c *Container) error { return c.init.Kill(unix.SIGTERM, false) },
		OpPause:      (*Container).Pause,
		OpResume:     (*Container).Resume,
		OpResize:     func(c *Container) error { return c.init.Resize(1, 1) },
		OpUpdate:     func(c *Container) error { return c.Update(&specs.LinuxResources{}) },
		OpCheckpoint: func(c *Container) error { return c.Checkpoint(Checkpoint{}) },
		OpDelete: func(c *Container) error {
			_, err := c.init.Delete(t.Context())
			return err
		},
	} {
		for s := range numStates {
			c, b, _ := fake(t)
			c.init.started = s != Created
			c.init.setState(s)
			b.calls = nil
			var stateErr *StateError
			refused := errors.As(do(c), &stateErr)
			if want := legality[s][op] != legal; refused != want {
				t.Errorf("%s in state %s: refused %v, want %v", op, s, refused, want)
			}
			if refused && len(b.calls) > 0 {
				t.Errorf("%s in state %s is refused, and calls %v", op, s, b.calls)
			}
		}
	}
}

// An exec is not started in a paused container, and a running exec is paused with its
// container.
func TestStateOfAnExec(t *testing.T) {
	c, b, _ := fake(t)
	start(t, c.init)
	running, added := addExec(t, c, "running"), addExec(t, c, "added")
	start(t, running)
	if err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	if running.State() != Paused || added.State() != Created {
		t.Errorf("states are %s and %s", running.State(), added.State())
	}
	if stateErr := (*StateError)(nil); !errors.As(added.Start(t.Context()), &stateErr) || b.count("startExec") != 1 {
		t.Errorf("an exec is started in a paused container: %v", stateErr)
	}
	if err := c.Resume(); err != nil || running.State() != Running {
		t.Errorf("%v, state %s", err, running.State())
	}
}

// A pause that fails, or that returns when the container has stopped, does not change the
// state.
func TestSettledState(t *testing.T) {
	c, b, _ := fake(t)
	init := start(t, c.init)
	b.fail("pause", errFake)
	if err := c.Pause(); !errors.Is(err, errFake) || c.State() != Running {
		t.Errorf("a pause that fails: %v, state %s", err, c.State())
	}
	b.fail("pause", nil)
	letGo := b.hold("pause")
	paused := make(chan error, 1)
	go func() { paused <- c.Pause() }()
	for end := time.Now().Add(longEnough); b.count("pause") < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if s := c.State(); s != Pausing {
		t.Errorf("state is %s", s)
	}
	init.end(0)
	awaitExit(t, c.init)
	letGo()
	if err := <-paused; err != nil || c.State() != Stopped {
		t.Errorf("a pause of a container that stops: %v, state %s", err, c.State())
	}
}

func TestStateErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"cannot delete a running process": check(OpDelete, Running),
		"cannot exec in a paused process": check(OpExec, Paused),
		"process already finished":        check(OpKill, Stopped),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEarlyExitText(t *testing.T) {
	for want, status := range map[string]int{
		"the container's init exited with status 255 before it ran the program": 255,
		"the container's init was killed by SIGSYS before it ran the program":   128 + 31,
	} {
		if err := (&earlyExitError{Status: status}); err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
