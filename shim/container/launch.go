package container

import (
	"context"
	"errors"
)

// errKilled is why a launch is ended that SIGKILL was sent to.
var errKilled = errors.New("it was killed")

// launch has the backend start the process. It ends with the context, or by a SIGKILL:
// see Kill. On error nothing is left of the process.
func (p *Process) launch(ctx context.Context, start func(context.Context, *Process) (child, error)) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	p.setLaunch(end)
	c, err := start(ctx, p)
	if err != nil {
		p.setLaunch(nil)
		return err
	}
	if cause := p.launched(ctx, c); cause != nil { // it was too late to end the start
		_, killErr := terminate(c)
		c.close()
		return endedStart(cause, killErr)
	}
	return nil
}

func (p *Process) setLaunch(end context.CancelCauseFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLaunch = end
}

// launched makes c the process's child, unless the launch was ended, and then returns
// why. A SIGKILL ends the launch before, and reaches the child from then on.
func (p *Process) launched(ctx context.Context, c child) (cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLaunch = nil
	if cause = context.Cause(ctx); cause == nil {
		p.child = c
	}
	return cause
}
