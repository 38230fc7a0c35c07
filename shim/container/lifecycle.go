package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/stdio"
)

// EarlyExitError says that a process ended before it came to run the user's
// program: it was killed, or a startContainer hook failed.
type EarlyExitError struct {
	Exec   string // its exec ID; empty for the container's init
	Status int    // as in [Exit]
}

func (e *EarlyExitError) Error() string {
	who := "the container's init"
	if e.Exec != "" {
		who = "process " + mistake.Shown(e.Exec)
	}
	if name := unix.SignalName(unix.Signal(e.Status - 128)); name != "" {
		return fmt.Sprintf("%s was killed by %s before it ran the program", who, name)
	}
	return fmt.Sprintf("%s exited with status %d before it ran the program", who, e.Status)
}

// AddExec registers a process to be exec'd. It does not run before Start.
// On error the streams are closed.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := check(OpExec, c.state); err != nil {
		return err
	}
	if _, ok := c.processes[p.ID]; ok {
		return fmt.Errorf("process %s: %w", mistake.Shown(p.ID), ErrAlreadyExists)
	}
	c.processes[p.ID] = p
	return nil
}

// Start runs the process. Started is reported before Start returns, and before
// the exit however soon that comes. A start that is under way when the context ends
// is undone: the process is killed.
func (p *Process) Start(ctx context.Context) error {
	err := p.startGated(ctx)
	if err == nil || !p.isInit() {
		return err
	}
	select {
	case <-p.gone: // the waiter reports the exit, and then the container may be deleted
		return errors.Join(err, p.awaitEnd(killPatience))
	default:
		return err
	}
}

func (p *Process) startGated(ctx context.Context) error {
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.isInit() && p.State() == Stopped && !p.started {
		return p.earlyExit()
	}
	if err := check(OpStart, p.State()); err != nil {
		return err
	}
	if err := p.streams.OpenStdin(); err != nil {
		return err
	}
	switch {
	case !p.isInit():
		return p.startExec(ctx)
	case p.Container.config.Checkpoint != "":
		return p.restore(ctx)
	}
	return p.startInit(ctx)
}

func (p *Process) startInit(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.signal(unix.SIGKILL) }) // it may have ended
	limit := newPidsLimit(p.Container.cgroupPaths)
	err := limit.explain(p.runInit())
	if !stop() { // the kill is under way
		return errors.Join(fmt.Errorf("the start of the process was ended: %w", context.Cause(ctx)), err, p.awaitGone())
	}
	if err != nil {
		return err
	}
	p.started = true
	p.setState(Running)
	p.Container.events.Started(p)
	return nil
}

func (p *Process) runInit() error {
	released, err := p.release()
	if err != nil {
		return err
	}
	if !released {
		return p.earlyExit()
	}
	err = p.awaitProgram()
	if err == nil {
		return nil
	}
	if killErr := p.signal(unix.SIGKILL); killErr != nil && !isEnded(killErr) {
		return errors.Join(err, killErr)
	}
	if goneErr := p.awaitGone(); goneErr != nil {
		return errors.Join(err, goneErr)
	}
	return p.unstarted(err, p.death.Status)
}

// awaitGone returns when a process that was killed has ended.
func (p *Process) awaitGone() error {
	select {
	case <-p.gone:
		return nil
	case <-time.After(killPatience):
		return fmt.Errorf("it survives SIGKILL for %s", killPatience)
	}
}

// earlyExit is called when p.gone is closed.
func (p *Process) earlyExit() error {
	return &EarlyExitError{Status: p.death.Status}
}

func (p *Process) startExec(ctx context.Context) error {
	c := p.Container
	if err := c.admitExec(); err != nil {
		return err
	}
	limit := newPidsLimit(c.cgroupPaths)
	// A value of its own: libcontainer runs one operation at a time on each.
	lc, err := libcontainer.Load(stateRoot(c.Bundle), c.ID)
	if err == nil {
		err = p.launchIn(ctx, lc)
	}
	if err == nil {
		err = p.runExec(ctx)
	}
	if err != nil {
		c.execs.Done()
		// No start was reported, so no exit will be.
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

func (p *Process) runExec(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.signal(unix.SIGKILL) }) // it may have ended
	err := p.awaitProgram()
	if ended := !stop(); ended && err == nil {
		err = fmt.Errorf("the start of the process was ended: %w", context.Cause(ctx))
	}
	if err == nil {
		return nil
	}
	exit, killErr := terminate(p.lp)
	return errors.Join(p.unstarted(err, exit.Status), killErr)
}

// admitExec counts an exec that is about to be launched, if one may be.
func (c *Container) admitExec() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.initExited {
		return fmt.Errorf("container %s: init: %w", mistake.Shown(c.ID), ErrNotRunning)
	}
	// A frozen cgroup would hold the new process, and with it the request.
	if err := check(OpExec, c.state); err != nil {
		return err
	}
	c.execs.Add(1)
	return nil
}

// killLatecomer is called after an exec has been launched: if init has exited
// since its admission, it may have joined the cgroup after initGone killed that,
// and initGone waits for its end.
func (c *Container) killLatecomer() error {
	c.mu.Lock()
	late := c.initExited
	c.mu.Unlock()
	if !late {
		return nil
	}
	return c.killOthers()
}

// Delete releases a process that has exited, or was never started; for init, the
// whole container. It returns how the process ended.
func (p *Process) Delete(ctx context.Context) (Exit, error) {
	if p.isInit() && p.State() == Created && p.Pid() != 0 {
		// Its end is reported by the waiter, which needs the gate.
		if err := p.Kill(unix.SIGKILL, true); err != nil && !isGone(err) {
			return Exit{}, err
		}
		if err := p.awaitEnd(killPatience); err != nil {
			return Exit{}, err
		}
	}
	p.gate.Lock()
	defer p.gate.Unlock()
	if err := check(OpDelete, p.ownState()); err != nil {
		return Exit{}, err
	}
	err := p.streams.Close()
	if p.channel != nil {
		p.channel.Close() // of an init that was never started
	}
	if p.isInit() {
		err = errors.Join(err, p.Container.destroy(ctx))
		if err != nil {
			return Exit{}, err
		}
	}
	p.setState(Deleted)
	p.Container.forget(p)
	return p.Exit(), err
}

func (p *Process) awaitEnd(limit time.Duration) error {
	select {
	case <-p.exited:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("process %d survives SIGKILL for %s", p.Pid(), limit)
	}
}

func isGone(err error) bool {
	var stateErr *StateError
	return errors.As(err, &stateErr) && stateErr.Gone
}

func (c *Container) forget(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.processes, p.ID)
}
