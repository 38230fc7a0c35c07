package container

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// SIGKILL, and the end of the client, end a start at any time: it fails, and the process is
// dead. A backend that returns a process all the same changes nothing.
func TestEndedStart(t *testing.T) {
	errClient := errors.New("the client is gone")
	for _, row := range []struct {
		call           string // during which the start is ended
		init, stubborn bool
	}{
		{"release", true, false}, {"load", true, false}, {"awaitExecve", true, false},
		{"startExec", false, false}, {"startExec", false, true}, {"load", false, false}, {"awaitExecve", false, false},
	} {
		for _, kill := range []bool{true, false} {
			t.Run(fmt.Sprintf("%+v, by SIGKILL %v", row, kill), func(t *testing.T) {
				c, b, _ := fake(t)
				p := c.init
				if !row.init {
					start(t, c.init)
					p = addExec(t, c, "exec")
				}
				b.forget()
				b.stubborn = row.stubborn
				letGo := b.hold(row.call)
				defer letGo()
				ctx, end := context.WithCancelCause(t.Context())
				defer end(nil)
				started := make(chan error, 1)
				go func() { started <- p.Start(ctx) }()
				awaitCall(t, b, row.call)
				var want error // nil for any
				switch launching := row.call == "startExec"; {
				case kill && launching:
					want = errKilled
				case !kill && (launching || row.init):
					want = errClient
				}
				if !kill {
					end(errClient)
				} else if err := p.Kill(unix.SIGKILL, false); err != nil {
					t.Error(err)
				}
				if row.stubborn {
					letGo()
				}
				if err := soon(t, "Start", func() error { return <-started }); err == nil || want != nil && !errors.Is(err, want) {
					t.Errorf("the start returns %v", err)
				}
				launched := row.call != "startExec" || row.stubborn
				if dead := b.count("signal 9") > 0; dead != launched {
					t.Errorf("killed: %v", dead)
				}
			})
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
