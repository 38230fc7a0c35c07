package container

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
)

// Exit is how a process ended.
type Exit struct {
	Pid    int
	Status int // exit code, or 128 plus the signal that killed it
	At     time.Time
}

// watch waits for the process to end and reports it. It is the only waiter.
func (p *Process) watch() {
	child := p.launchedChild()
	status := child.wait()
	p.death = Exit{Pid: child.pid(), Status: status, At: time.Now()}
	p.Container.oom.check() // at once: systemd may remove the cgroup
	close(p.gone)
	if p.isInit() {
		if err := p.Container.initGone(); err != nil {
			logrus.WithError(err).WithField("container_id", p.Container.ID).Error("failed to kill the processes that init left")
		}
	}
	p.awaitComplaint()
	p.streams.Exited()
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.isInit() {
		p.Container.oom.close()
	}
	p.finish(p.death)
	p.Container.events.Exited(p, p.death)
	if !p.isInit() {
		p.Container.execs.Done()
	}
}

// awaitComplaint returns when what there is to say of the process has been said.
func (p *Process) awaitComplaint() {
	p.gate.Lock() // which Start holds
	followed := p.followed
	p.gate.Unlock()
	if followed != nil {
		<-followed
	}
}

// finish records the end and wakes those who wait for it.
func (p *Process) finish(exit Exit) {
	p.mu.Lock()
	p.exit = exit
	p.mu.Unlock()
	p.setState(Stopped)
	close(p.exited)
}

// Exit returns how the process ended; zero while it has not.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Wait returns when the exit has been reported, or with the context's error.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.exited:
		return p.Exit(), nil
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// initGone runs when init has exited and before that is reported: no exec
// starts any more, the rest is killed if the kernel does not do it, and all
// execs' exits are reported.
func (c *Container) initGone() error {
	c.mu.Lock()
	c.initExited = true
	c.mu.Unlock()
	err := c.backend.killOthers()
	c.execs.Wait()
	return err
}
