package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/stdio"
)

// AddExec registers a process, which Start runs. On error the streams are closed.
func (c *Container) AddExec(id string, spec *specs.Process, streams *stdio.IO) (*Process, error) {
	p := newProcess(c, id, spec, streams)
	if err := c.register(p); err != nil {
		streams.Close()
		return nil, err
	}
	c.events.ExecAdded(p)
	return p, nil
}

func (c *Container) register(p *Process) error {
	if err := validateProcess(p.spec); err != nil {
		return err
	}
	if err := check(OpExec, c.State()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.processes[p.ID]; ok {
		return fmt.Errorf("process %s: %w", mistake.Shown(p.ID), ErrAlreadyExists)
	}
	c.processes[p.ID] = p
	return nil
}

// startExec is Start for an exec'd process.
func (p *Process) startExec(ctx context.Context) error {
	c := p.Container
	if err := c.admitExec(); err != nil {
		return err
	}
	limit := newPidsLimit(c.cgroupPaths)
	err := p.launch(ctx, c.backend.startExec)
	if err == nil {
		err = p.runExec(ctx)
	}
	if err != nil {
		c.execs.Done()
		// Started was not reported, so Exited is not either.
		p.finish(Exit{Status: 255, At: time.Now()})
		return translate(limit.explain(err))
	}
	p.setState(Running)
	c.events.Started(p)
	go p.watch()
	if err := c.killLatecomer(); err != nil {
		logrus.WithError(err).WithField("container_id", c.ID).Error("failed to kill a process that started after init's exit")
	}
	return nil
}

// runExec returns when the user's program runs. On error the process has been killed and
// reaped.
func (p *Process) runExec(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.signal(unix.SIGKILL) }) // it may have ended
	err := p.awaitProgram()
	if ended := !stop(); ended && err == nil {
		err = endedStart(context.Cause(ctx), nil)
	}
	if err == nil {
		return nil
	}
	exit, killErr := terminate(p.launchedChild())
	return errors.Join(p.unstarted(err, exit.Status), killErr)
}

// admitExec counts an exec that is about to be launched, or returns why it must not be.
func (c *Container) admitExec() error {
	state := c.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.initExited {
		return fmt.Errorf("container %s: init: %w", mistake.Shown(c.ID), ErrNotRunning)
	}
	// A frozen cgroup would hold the new process, and so block Start.
	if err := check(OpExec, state); err != nil {
		return err
	}
	c.execs.Add(1)
	return nil
}

// killLatecomer is called after an exec has been launched. If init has exited since the
// exec was admitted, initGone may have killed the processes of the cgroup before the exec
// joined it, and initGone waits for the exec's end.
func (c *Container) killLatecomer() error {
	c.mu.Lock()
	late := c.initExited
	c.mu.Unlock()
	if !late {
		return nil
	}
	return c.backend.killOthers()
}
