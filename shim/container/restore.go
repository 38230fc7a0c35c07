package container

import (
	"context"
	"errors"
	"time"

	"github.com/opencontainers/runc/libcontainer"
)

// restore is Start for a container from a checkpoint.
func (p *Process) restore(ctx context.Context) error {
	c := p.Container
	if err := p.resume(ctx); err != nil {
		// No start was reported, so no exit will be.
		p.death = Exit{Status: 255, At: time.Now()}
		p.finish(p.death)
		return translate(err)
	}
	p.started = true
	p.setState(Running)
	c.events.Started(p)
	c.listenToOOM()
	go p.watch()
	return nil
}

// resume makes the processes, which go on where the checkpoint has left them.
func (p *Process) resume(ctx context.Context) error {
	if errUnchanged != nil {
		return errUnchanged
	}
	c := p.Container
	if err := c.config.Filter.admitCheckpoint(c.config.Checkpoint); err != nil {
		return err
	}
	lp, err := libcontainerProcess(p.spec)
	if err != nil {
		return err
	}
	lp.Init = true
	console, err := p.connectStreams(lp)
	if err != nil {
		return err
	}
	defer console.Close()
	r := &restoration{container: c}
	if err := p.startBy(ctx, lp, func() error { return r.run(lp) }); err != nil {
		return err
	}
	pid, err := lp.Pid()
	if err != nil {
		return err
	}
	c.setLibcontainer(r.lc)
	p.mu.Lock()
	p.lp, p.pid = lp, pid
	p.mu.Unlock()
	if err := p.startStreams(console); err != nil {
		r.kill()
		_, killErr := terminate(lp)
		return errors.Join(err, killErr)
	}
	c.cgroup = loadCgroup(r.lc, pid)
	return nil
}

func (c *Container) setLibcontainer(lc *libcontainer.Container) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lc = lc
}
