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
)

// startBy starts a process by a function of libcontainer, which returns when the process
// has set itself up inside the container. A container can hold the process before that:
// its /etc/passwd is a FIFO, or it sends SIGSTOP to each process that enters. So the end
// of the context kills what the function has started.
//
// A start that fails half-way leaves children that libcontainer does not wait for: runc
// ends then, and the host's init reaps them. Here they are reaped; until then, as zombies
// in the container's pid namespace, they would keep its init from ending.
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
	case err == nil: // it was too late to end it
		_, err = terminate(c)
	default:
		err = errors.Join(translate(err), s.reap(time.Second))
	}
	if cause != nil {
		return endedStart(cause, err)
	}
	return err
}

// endedStart is the error of a start that was ended, joined with what else has failed.
func endedStart(cause, err error) error {
	return errors.Join(fmt.Errorf("the start of the process was ended: %w", cause), err)
}

// strays are the processes that a start has made so far. Until libcontainer returns, it
// does not tell their pids. But the kernel lists the children of a thread, and new
// children of a locked thread are libcontainer's: the process, its parents on the way,
// and hooks.
type strays struct {
	thread int   // whose children they are
	others []int // children that the thread had before
	over   chan struct{}
}

// newStrays is called on a locked thread, before the start.
func newStrays() *strays {
	thread := unix.Gettid()
	return &strays{thread: thread, others: ownChildren(thread), over: make(chan struct{})}
}

func (s *strays) pids() []int {
	return slices.DeleteFunc(ownChildren(s.thread), func(pid int) bool { return slices.Contains(s.others, pid) })
}

// killAll kills what libcontainer has started, and starts, until the start is over. No
// event says that a thread has a new child.
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

// kill kills a child that may be reaped meanwhile, and its pid be another's. If it
// is a child still when the pidfd is open, the pidfd is the child's.
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

// reap waits for the strays. They have been killed, or end by themselves because the
// pipes to their parent are closed. One that is reaped may have made another by
// clone(2) with CLONE_PARENT, so the list is read again until it is empty.
func (s *strays) reap(limit time.Duration) error {
	var alive []int
	if poll(time.Millisecond, limit, func() bool {
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

// ownChildren returns the children of a thread of this process, if the kernel tells.
func ownChildren(thread int) []int {
	pids, _ := childrenOf(os.Getpid(), thread)
	return pids
}
