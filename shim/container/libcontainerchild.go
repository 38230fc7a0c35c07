package container

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/load"
)

// libcontainerChild is a process that libcontainer has started.
type libcontainerChild struct {
	process   *libcontainer.Process
	number    int                     // the pid; set when the process is started
	container *libcontainer.Container // of an init; nil for an exec
	fifo      string                  // libcontainer's exec.fifo, by which a created init is released
	channel   *load.Channel           // nil for a restored process
	deliver   func(listener *os.File) error
	call      load.Execve // written by load, read by awaitExecve
	tasks     []*os.File  // of the cgroups that an exec joins itself: see openTasks

	dead         chan struct{} // closed when the process has ended, before it is reaped
	lastStanding load.Standing // written before dead is closed, read after
}

func newLibcontainerChild(p *Process) (*libcontainerChild, error) {
	process, err := libcontainerProcess(p.spec)
	if err != nil {
		return nil, err
	}
	return &libcontainerChild{process: process, deliver: p.deliverListener, dead: make(chan struct{})}, nil
}

func (c *libcontainerChild) pid() int { return c.number }

func (c *libcontainerChild) load() (err error) {
	c.call, err = c.channel.Load(c.steps())
	return err
}

func (c *libcontainerChild) awaitExecve() error {
	return c.channel.AwaitExecve(c.steps(), c.call)
}

func (c *libcontainerChild) steps() load.Process {
	return load.Process{PID: c.number, Deliver: c.deliver, Standing: c.standing}
}

func (c *libcontainerChild) close() {
	if c.channel != nil {
		c.channel.Close()
	}
}

func (c *libcontainerChild) signal(signal unix.Signal) error {
	switch {
	case c.container == nil:
		return c.process.Signal(signal)
	case signal == unix.SIGKILL:
		return killAll(c.container)
	}
	return c.container.Signal(signal)
}

func (c *libcontainerChild) wait() int {
	c.awaitDeath()
	state, err := c.process.Wait()
	return status(state, err)
}

// awaitDeath returns when the process has ended, and leaves the zombie.
func (c *libcontainerChild) awaitDeath() {
	for {
		err := unix.Waitid(unix.P_PID, c.number, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break // on another error, Wait reports it
		}
	}
	c.lastStanding, _ = load.StandingOf(c.number)
	close(c.dead)
}

// standing is load.StandingOf, but works after wait has reaped the process, too.
func (c *libcontainerChild) standing() (load.Standing, error) {
	standing, err := load.StandingOf(c.number)
	select {
	case <-c.dead: // the pid may be another process's by now
		return c.lastStanding, nil
	default:
		return standing, err
	}
}

// status returns the exit status by the convention of shells and containerd: the exit
// code, or 128 plus the signal.
func status(state *os.ProcessState, err error) int {
	if state == nil {
		logrus.WithError(err).Error("failed to wait for a container process")
		return 255
	}
	ws := state.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// execFIFO is the path of the FIFO at which libcontainer's init waits to be released.
func execFIFO(cfg Config) string { return filepath.Join(stateRoot(cfg.Bundle), cfg.ID, "exec.fifo") }
