package container

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"
)

// Delete releases a process that has exited, or was never started; for init, the
// whole container. It returns how the process ended.
func (p *Process) Delete(ctx context.Context) (Exit, error) {
	if p.isInit() && p.State() == Created && p.Pid() != 0 {
		// Its end is reported by the waiter, which needs the gate.
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
		child.close() // of an init that was never started
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

func isGone(err error) bool {
	var stateErr *StateError
	return errors.As(err, &stateErr) && stateErr.Gone
}

func (c *Container) forget(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.processes, p.ID)
}
