package container

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// SIGKILL, and the end of the client, reach a process at any time of its start: the start
// fails, and the process is dead. A backend that returns a process after that is no way
// around it.
func TestEndedStart(t *testing.T) {
	errClient := errors.New("the client is gone")
	for _, call := range []string{"startExec", "load", "awaitExecve"} {
		for _, kill := range []bool{true, false} {
			for _, stubborn := range []bool{false, true} {
				if stubborn && call != "startExec" {
					continue
				}
				c, b, _ := fake(t)
				start(t, c.init)
				p := addExec(t, c, "exec")
				b.stubborn = stubborn
				b.mu.Lock()
				b.calls = nil
				b.mu.Unlock()
				letGo := b.hold(call)
				ctx, end := context.WithCancelCause(t.Context())
				started := make(chan error, 1)
				go func() { started <- p.Start(ctx) }()
				awaitCall(t, b, call)
				if kill {
					if err := p.Kill(unix.SIGKILL, false); err != nil {
						t.Error(err)
					}
				} else {
					end(errClient)
				}
				if stubborn {
					letGo()
				}
				err := soon(t, "Start", func() error { return <-started })
				switch {
				case err == nil && kill && call != "startExec":
					awaitExit(t, p) // the fake's program runs, and is killed
				case err == nil:
					t.Errorf("%s, kill %v, stubborn %v: the start succeeds", call, kill, stubborn)
				case !kill && !errors.Is(err, errClient), kill && call == "startExec" && !errors.Is(err, errKilled):
					t.Errorf("%s, kill %v, stubborn %v: %v", call, kill, stubborn, err)
				}
				if dead := b.count("signal 9") > 0; dead != (call != "startExec" || stubborn) {
					t.Errorf("%s, kill %v, stubborn %v: killed: %v", call, kill, stubborn, dead)
				}
				end(nil)
				letGo()
			}
		}
	}
}

// Before it is launched, and after it has ended, there is nothing to kill.
func TestKillOfNothing(t *testing.T) {
	c, _, _ := fake(t)
	p := addExec(t, c, "exec")
	if err := p.Kill(unix.SIGKILL, false); !errors.Is(err, ErrNotRunning) {
		t.Errorf("an exec that was not started: %v", err)
	}
	start(t, c.init).end(0)
	awaitExit(t, c.init)
	if err := c.init.Kill(unix.SIGKILL, false); !isGone(err) {
		t.Errorf("an init that has ended: %v", err)
	}
	if err := c.init.Kill(unix.SIGKILL, true); err != nil {
		t.Errorf("all processes of a container that has ended: %v", err)
	}
}
