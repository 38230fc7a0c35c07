package container

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
)

// killPatience is how long a process may take to end after SIGKILL.
const killPatience = 10 * time.Second

// Kill sends a signal. SIGKILL to init reaches every process of the container. With all,
// it is no error if init has ended already.
func (p *Process) Kill(signal unix.Signal, all bool) error {
	err := check(OpKill, p.ownState())
	if stateErr := (*StateError)(nil); errors.As(err, &stateErr) && stateErr.Gone && all && p.isInit() {
		return nil
	}
	if err != nil {
		return err
	}
	if signal == unix.SIGKILL && p.killLaunch() {
		return nil
	}
	if p.launchedChild() == nil {
		return fmt.Errorf("process %s is not started: %w", mistake.Shown(p.ID), ErrNotRunning)
	}
	err = p.signal(signal)
	if isEnded(err) {
		return &StateError{Op: OpKill, State: Stopped, Gone: true}
	}
	return translate(err)
}

// killLaunch ends the launch of the process, if one is under way.
func (p *Process) killLaunch() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endLaunch == nil {
		return false
	}
	p.endLaunch(errKilled)
	return true
}

// signal sends a signal to a launched process.
func (p *Process) signal(signal unix.Signal) error { return p.launchedChild().signal(signal) }

// isEnded reports whether an error of signal means that the process has ended.
func isEnded(err error) bool {
	return errors.Is(err, libcontainer.ErrNotRunning) || errors.Is(err, os.ErrProcessDone) || errors.Is(err, unix.ESRCH)
}

// killAll kills a container's init, and with it the kernel kills all processes of the
// pid namespace. If the container has no pid namespace of its own, killAll kills all
// processes of the cgroup.
//
// On cgroup v2 libcontainer writes to cgroup.kill, which signals first threads (__cgroup_kill in
// kernel/cgroup/cgroup.c) and so misses a process whose first thread has ended. A signal
// to the pid reaches such a process.
func killAll(lc *libcontainer.Container) error {
	if err := lc.Signal(unix.SIGKILL); err != nil {
		return err
	}
	if config := lc.Config(); config.Namespaces.IsPrivate(configs.NEWPID) {
		return nil
	}
	var err error
	for killed, again := map[int]bool{}, true; again && err == nil; { // processes may fork meanwhile
		var pids []int
		pids, err = lc.Processes()
		again = false
		for _, pid := range pids {
			if !killed[pid] {
				_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
				killed[pid], again = true, true
			}
		}
	}
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, libcontainer.ErrCgroupNotExist) {
		return nil
	}
	return err
}

// terminate kills a child that has no waiter, reaps it, and returns how it ended.
func terminate(c child) (Exit, error) {
	killErr := c.signal(unix.SIGKILL)
	if isEnded(killErr) {
		killErr = nil
	}
	ended, status := make(chan struct{}), 255
	go func() {
		defer close(ended)
		status = c.wait()
	}()
	if err := awaitKilled(c.pid(), ended); err != nil {
		return Exit{Status: 255, At: time.Now()}, errors.Join(killErr, err)
	}
	return Exit{Status: status, At: time.Now()}, killErr
}

// awaitKilled waits for done, which is closed when a process ends that SIGKILL was sent
// to.
func awaitKilled(pid int, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-time.After(killPatience):
		return fmt.Errorf("process %d survives SIGKILL for %s", pid, killPatience)
	}
}
