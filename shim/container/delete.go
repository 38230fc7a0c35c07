package container

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// Delete releases a process that has exited or was never started. For init it removes
// the whole container. It returns how the process ended.
func (p *Process) Delete(ctx context.Context) (Exit, error) {
	if p.isInit() && p.State() == Created && p.Pid() != 0 {
		// Do not hold the gate here: watch takes it to report the exit.
		if err := p.Kill(unix.SIGKILL, true); err != nil && !isGone(err) {
			return Exit{}, err
		}
		if err := awaitKilled(p.Pid(), p.exited); err != nil {
			return Exit{}, err
		}
	}
	p.gate.Lock()
	defer p.gate.Unlock()
	if err := check(OpDelete, p.ownState()); err != nil {
		return Exit{}, err
	}
	err := p.streams.Close()
	if child := p.launchedChild(); child != nil {
		child.close() // an init that was never started still has its channel
	}
	if p.isInit() {
		err = errors.Join(err, p.Container.backend.destroy(ctx))
		if err != nil {
			return Exit{}, err
		}
	}
	p.setState(Deleted)
	p.Container.forget(p)
	return p.Exit(), err
}

// isGone reports whether an error is that of a process that has finished already.
func isGone(err error) bool {
	var stateErr *StateError
	return errors.As(err, &stateErr) && stateErr.Gone
}

// forget makes the exec ID of a deleted process free.
func (c *Container) forget(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.processes, p.ID)
}
