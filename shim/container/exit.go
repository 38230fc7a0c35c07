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

// watch waits for the process to end and reports its exit. No one else waits for it.
func (p *Process) watch() {
	child := p.launchedChild()
	status := child.wait()
	p.death = Exit{Pid: child.pid(), Status: status, At: time.Now()}
	p.Container.oom.check() // now, since systemd may remove the cgroup
	close(p.gone)
	if p.isInit() {
		if err := p.Container.initGone(); err != nil {
			logrus.WithError(err).WithField("container_id", p.Container.ID).Error("failed to kill the processes that init left")
		}
	}
	p.awaitComplaint()
	p.streams.Exited()
	if filter := p.Container.config.Filter; filter != nil && filter.Observer != nil {
		filter.Observer.Exited(p.ID, p.death.Pid, p.death.Status, p.death.At)
	}
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.isInit() {
		p.Container.oom.close()
	} else {
		defer p.Container.execs.Done()
	}
	p.finish(p.death)
	p.Container.events.Exited(p, p.death)
}

// awaitComplaint returns when followExecve, if it was called, has written to the
// process's stderr what it has to say.
func (p *Process) awaitComplaint() {
	p.gate.Lock() // Start holds it until it has set followed
	followed := p.followed
	p.gate.Unlock()
	if followed != nil {
		<-followed
	}
}

// finish records the exit, and ends the calls of Wait.
func (p *Process) finish(exit Exit) {
	if recorder := p.Container.config.Recorder; recorder != nil {
		recorder.Exited(p.ID, exit.Status, exit.At)
	}
	p.mu.Lock()
	p.exit, p.state = exit, Stopped
	p.mu.Unlock()
	close(p.exited)
}

// Exit returns how the process ended, or the zero value before its exit is recorded.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Wait returns when the exit is recorded, or with the context's error. Exited is
// reported right after; Delete waits for the report.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.exited:
		return p.Exit(), nil
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// initGone runs when init has been reaped, before its exit is reported. From now on no
// exec starts. initGone kills the other processes, unless the kernel does, and returns
// when the exits of all execs have been reported.
func (c *Container) initGone() error {
	c.mu.Lock()
	c.initExited = true
	c.mu.Unlock()
	err := c.backend.killOthers()
	c.execs.Wait()
	return err
}
