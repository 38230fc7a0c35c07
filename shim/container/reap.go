package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/poll"
)

// startOrReap starts a process by a function of libcontainer, which returns when the process
// has set itself up inside the container. A container can stop the process before that:
// its /etc/passwd is a FIFO, or it sends SIGSTOP to each process that enters. So when the
// context ends, startOrReap kills the processes that the function has spawned.
//
// A start that fails half-way leaves children that libcontainer does not wait for. runc
// exits then, and the host's init reaps them. startOrReap reaps them itself: as zombies in
// the container's pid namespace they would keep its init from ending.
func startOrReap(ctx context.Context, c *libcontainerChild, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := newSpawned()
	stop := context.AfterFunc(ctx, s.killUntilReturned)
	defer stop()
	err := start()
	close(s.returned)
	cause := context.Cause(ctx)
	if err == nil {
		c.number, err = c.process.Pid()
	}
	switch {
	case err == nil && cause == nil:
		return nil
	case err == nil: // the start succeeded all the same
		_, err = terminate(c)
	default:
		err = errors.Join(translate(err), s.reap(time.Second))
	}
	if cause != nil {
		return endedStart(cause, err)
	}
	return err
}

// endedStart returns the error of a start that was ended, joined with err.
func endedStart(cause, err error) error {
	return errors.Join(fmt.Errorf("the start of the process was ended: %w", cause), err)
}

// spawned are the processes that a start has made so far. libcontainer does not tell their
// pids before it returns. But the kernel lists the children of a thread, and each new
// child of a locked thread is libcontainer's: the process, its intermediate parents, and
// hooks.
type spawned struct {
	thread   int           // their parent
	older    []int         // children that the thread had before the start
	returned chan struct{} // closed when libcontainer has returned
}

// newSpawned is called on a locked thread, before the start.
func newSpawned() *spawned {
	thread := unix.Gettid()
	return &spawned{thread: thread, older: ownChildren(thread), returned: make(chan struct{})}
}

func (s *spawned) pids() []int {
	return slices.DeleteFunc(ownChildren(s.thread), func(pid int) bool { return slices.Contains(s.older, pid) })
}

// killUntilReturned kills spawned processes until libcontainer has returned. It polls,
// because no event reports that a thread has a new child.
func (s *spawned) killUntilReturned() {
	for {
		for _, pid := range s.pids() {
			s.kill(pid)
		}
		select {
		case <-s.returned:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill kills a spawned process, unless another process has its pid by now: libcontainer may
// reap it at any time. If the pid is still in the list after the pidfd was opened, the pidfd
// refers to the spawned process.
func (s *spawned) kill(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it has ended
	}
	defer unix.Close(fd)
	if slices.Contains(s.pids(), pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended
	}
}

// reap waits for the spawned processes. They have been killed, or they exit because the
// pipes to their parent are closed. One may have made another by clone(2) with CLONE_PARENT
// before it exited, so reap reads the list again until it is empty.
func (s *spawned) reap(limit time.Duration) error {
	var alive []int
	if poll.Until(time.Millisecond, limit, func() bool {
		alive = nil
		for _, pid := range s.pids() {
			if reaped, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); reaped != pid {
				alive = append(alive, pid)
			}
		}
		return len(alive) == 0
	}) {
		return nil
	}
	return fmt.Errorf("processes %v of the failed start survive it for %s", alive, limit)
}

// ownChildren returns the children of a thread of this process; none if the kernel does
// not list them.
func ownChildren(thread int) []int {
	pids, _ := childrenOf(os.Getpid(), thread)
	return pids
}
