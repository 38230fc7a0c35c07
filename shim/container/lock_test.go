package container

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// State, Pid, Wait and Kill answer while the container, its init or an exec waits: no lock
// that they take is held meanwhile.
func TestNothingWaitsUnderALock(t *testing.T) {
	for _, row := range []struct {
		call  string
		exec  bool // the exec's start waits
		enter func(c *Container, p *Process) error
	}{
		{"release", false, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"load", false, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"awaitExecve", false, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"startExec", true, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"load", true, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"awaitExecve", true, func(c *Container, p *Process) error { return p.Start(context.Background()) }},
		{"pause", false, func(c *Container, p *Process) error { p.setState(Running); return c.Pause() }},
		{"resume", false, func(c *Container, p *Process) error { p.setState(Paused); return c.Resume() }},
		{"processes", false, func(c *Container, p *Process) error { _, err := c.Pids(); return err }},
		{"destroy", false, func(c *Container, p *Process) error { _, err := p.Delete(context.Background()); return err }},
	} {
		t.Run(row.call, func(t *testing.T) {
			c, b, _ := fake(t)
			p := c.init
			if row.exec {
				start(t, c.init)
				p = addExec(t, c, "exec")
				b.forget()
			}
			defer b.hold(row.call)()
			over := make(chan error, 1)
			go func() { over <- row.enter(c, p) }()
			awaitCall(t, b, row.call)

			for _, p := range []*Process{p, c.init} {
				soon(t, "State", p.State)
				soon(t, "Pid", p.Pid)
				soon(t, "Exit", p.Exit)
				soon(t, "Kill", func() error { return p.Kill(unix.SIGTERM, false) })
				ended, end := context.WithCancel(t.Context())
				end()
				soon(t, "Wait", func() error { _, err := p.Wait(ended); return err })
			}
			soon(t, "Execs", c.Execs)
			soon(t, "Stats", func() error { _, err := c.Stats(); return err })
			soon(t, "Kill", func() error { return p.Kill(unix.SIGKILL, false) })
			if strings.HasPrefix(row.call, "start") || row.call == "load" || row.call == "awaitExecve" {
				if err := soon(t, row.call, func() error { return <-over }); row.call == "startExec" && !errors.Is(err, errKilled) {
					t.Errorf("the killed start returns %v", err)
				}
			}
		})
	}
}

// The gate is held until a start has been reported: neither Delete nor a second Start
// comes between.
func TestGate(t *testing.T) {
	c, b, events := fake(t)
	letGo := b.hold("load")
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- c.init.Start(context.Background()) }()
	awaitCall(t, b, "load")
	go func() { second <- c.init.Start(context.Background()) }()
	time.Sleep(aMoment)
	select {
	case err := <-second:
		t.Errorf("a second start returns %v while the first is under way", err)
	default:
	}
	letGo()
	if err := <-first; err != nil {
		t.Error(err)
	}
	if stateErr := (*StateError)(nil); !errors.As(<-second, &stateErr) || stateErr.State != Running {
		t.Errorf("the second start returns %v", stateErr)
	}
	if n := b.count("release"); n != 1 {
		t.Errorf("init was released %d times", n)
	}
	events.want(t, "created c", "started ")
}
