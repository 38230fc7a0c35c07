package container

import (
	"errors"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/container/load"
)

// awaitProgram returns when the process has become the user's program, under
// its filter and with its resource limits. With a listener it returns when the
// agent has it: the agent may be asked about execve, and may want to see the
// process started before it answers.
func (p *Process) awaitProgram() error {
	filter := p.Container.config.Filter
	steps := load.Process{PID: p.pid, Deliver: p.sendListener, Standing: p.standing}
	call, err := p.channel.Load(steps)
	if err == nil && filter.listens() {
		p.followed = make(chan struct{})
		go p.followExecve(steps, call)
		return nil
	}
	if err == nil {
		err = p.channel.AwaitExecve(steps, call)
	}
	p.channel.Close()
	return err
}

// followExecve ends a process that was started and does not come to run its
// program. The process cannot say why, so the shim does.
func (p *Process) followExecve(steps load.Process, call load.Execve) {
	defer close(p.followed)
	defer p.channel.Close()
	err := p.channel.AwaitExecve(steps, call)
	if err == nil || errors.Is(err, load.ErrKilled) { // its exit says it all
		p.streams.Complain("")
		return
	}
	if killErr := p.signal(unix.SIGKILL); killErr != nil && !isEnded(killErr) {
		err = errors.Join(err, killErr)
	}
	err = p.Container.config.Filter.blame(err)
	p.streams.Complain(mistake.Line(err.Error()) + "\n")
	logrus.WithError(err).WithFields(logrus.Fields{"container_id": p.Container.ID, "exec_id": p.ID}).Error("a process was started and did not run its program")
}

// standing is load.StandingOf, also of a process that its waiter has reaped.
func (p *Process) standing() (load.Standing, error) {
	standing, err := load.StandingOf(p.pid)
	select {
	case <-p.dead: // and its pid may be another's by now
		return p.lastStanding, nil
	default:
		return standing, err
	}
}
