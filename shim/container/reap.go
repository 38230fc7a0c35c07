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

// startBy starts a process by a function of libcontainer, which returns when the process
// has set itself up inside the container. A container can hold the process before that:
// its /etc/passwd is a FIFO, or it sends SIGSTOP to each process that enters. So when the
// context ends, startBy kills the processes that the function has started.
//
// A start that fails half-way leaves children that libcontainer does not wait for. runc
// exits then, and the host's init reaps them. startBy reaps them itself: as zombies in
// the container's pid namespace they would keep its init from ending.
func startBy(ctx context.Context, c *libcontainerChild, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := newStrays()
	stop := context.AfterFunc(ctx, s.killAll)
	defer stop()
	err := start()
	close(s.over)
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

// strays are the processes that a start has made so far. libcontainer does not tell their
// pids before it returns. But the kernel lists the children of a thread, and each new
// child of a locked thread is libcontainer's: the process, its intermediate parents, and
// hooks.
type strays struct {
	thread int           // the parent of the strays
	others []int         // children that the thread had before the start
	over   chan struct{} // closed when libcontainer has returned
}

// newStrays is called on a locked thread, before the start.
func newStrays() *strays {
	thread := unix.Gettid()
	return &strays{thread: thread, others: ownChildren(thread), over: make(chan struct{})}
}

func (s *strays) pids() []int {
	return slices.DeleteFunc(ownChildren(s.thread), func(pid int) bool { return slices.Contains(s.others, pid) })
}

// killAll kills each stray until the start is over. It polls, because no event reports
// that a thread has a new child.
func (s *strays) killAll() {
	for {
		for _, pid := range s.pids() {
			s.kill(pid)
		}
		select {
		case <-s.over:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill kills a stray that libcontainer may reap at any time, so that its pid may become
// another process's. If the pid is still a stray's after the pidfd was opened, the pidfd
// is that stray's.
func (s *strays) kill(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it has ended
	}
	defer unix.Close(fd)
	if slices.Contains(s.pids(), pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended
	}
}

// reap waits for the strays. They have been killed, or they exit because the pipes to
// their parent are closed. A stray may have made another by clone(2) with CLONE_PARENT
// before it exited, so reap reads the list again until it is empty.
func (s *strays) reap(limit time.Duration) error {
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
