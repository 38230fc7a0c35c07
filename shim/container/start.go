package container

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// Start runs the process. It reports Started before it returns, and before the exit is
// reported, however soon the process exits. A start that is under way when the context
// ends is undone: the process is killed.
func (p *Process) Start(ctx context.Context) error {
	err := p.startGated(ctx)
	if err == nil || !p.isInit() {
		return err
	}
	select {
	case <-p.gone: // return after the waiter has reported the exit: then Delete succeeds
		return errors.Join(err, awaitKilled(p.Pid(), p.exited))
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

// startInit is Start for an init that Create has launched.
func (p *Process) startInit(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.signal(unix.SIGKILL) }) // it may have ended
	limit := newPidsLimit(p.Container.cgroupPaths)
	err := limit.explain(p.runInit())
	if !stop() { // the context has ended, and the process is being killed
		return endedStart(context.Cause(ctx), errors.Join(err, awaitKilled(p.Pid(), p.gone)))
	}
	if err != nil {
		return err
	}
	p.started = true
	p.setState(Running)
	p.Container.events.Started(p)
	return nil
}

// runInit releases the init, and returns when the user's program runs.
func (p *Process) runInit() error {
	released, err := p.launchedChild().release(p.gone)
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
	if goneErr := awaitKilled(p.Pid(), p.gone); goneErr != nil {
		return errors.Join(err, goneErr)
	}
	return p.unstarted(err, p.death.Status)
}

// earlyExit returns the error of a start whose process has ended. Call it when death is
// written.
func (p *Process) earlyExit() error {
	return &earlyExitError{Status: p.death.Status}
}
