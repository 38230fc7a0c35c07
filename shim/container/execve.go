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
	child := p.launchedChild()
	err := child.load()
	if err == nil && p.Container.config.Filter.listens() {
		p.followed = make(chan struct{})
		go p.followExecve(child)
		return nil
	}
	if err == nil {
		err = child.awaitExecve()
	}
	child.close()
	return err
}

// followExecve ends a process that was started and does not come to run its
// program. The process cannot say why, so the shim does.
func (p *Process) followExecve(child child) {
	defer close(p.followed)
	defer child.close()
	err := child.awaitExecve()
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
