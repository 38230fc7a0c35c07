package container

import (
	"errors"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/container/load"
)

// awaitProgram returns when the process has become the user's program, under its filter
// and with its resource limits. If an agent gets the listener, awaitProgram returns when
// the agent has it: the kernel may ask the agent about execve, and the agent
// may wait for the process to be reported as started before it answers.
func (p *Process) awaitProgram() error {
	child := p.launchedChild()
	err := child.load()
	if err == nil && p.Container.config.Filter.asksAgent() {
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

// followExecve kills a process that was reported as started and then does not run its
// program. The process cannot say why, so the shim writes the reason to its stderr.
func (p *Process) followExecve(child child) {
	defer close(p.followed)
	defer child.close()
	err := child.awaitExecve()
	if err == nil || errors.Is(err, load.ErrKilled) { // its exit status is enough
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
