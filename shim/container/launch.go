package container

import (
	"context"
	"errors"
)

// errKilled is the cause of a launch's end by SIGKILL.
var errKilled = errors.New("it was killed")

// launch starts the process by a method of the backend. The end of the context and a
// SIGKILL (see Kill) end it. On error nothing is left of the process.
func (p *Process) launch(ctx context.Context, start func(context.Context, *Process) (child, error)) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	p.setLaunch(end)
	c, err := start(ctx, p)
	if err != nil {
		p.setLaunch(nil)
		return err
	}
	if cause := p.launched(ctx, c); cause != nil { // the start succeeded all the same
		_, killErr := terminate(c)
		c.close()
		return endedStart(cause, killErr)
	}
	return nil
}

// setLaunch says how to end the launch that is under way; nil for none.
func (p *Process) setLaunch(end context.CancelCauseFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLaunch = end
}

// launched makes c the process's child. If the launch was ended, launched returns the
// cause instead. A SIGKILL that comes before ends the launch; one that comes later is
// sent to the child.
func (p *Process) launched(ctx context.Context, c child) (cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLaunch = nil
	if cause = context.Cause(ctx); cause == nil {
		p.child = c
	}
	return cause
}
