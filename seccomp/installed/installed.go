// Package installed tells which seccomp programs the kernel runs for a process.
//
// The kernel tells them to a tracer (ptrace) of a thread that is stopped. A tracer is
// a thread too, so all requests come from one goroutine that is locked to its own.
package installed

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// ErrUnsupported says that this kernel or this process cannot read programs
// back: CONFIG_CHECKPOINT_RESTORE is off, CAP_SYS_ADMIN is missing in the first
// user namespace, or the reader is itself under seccomp.
var ErrUnsupported = errors.New("the kernel does not tell a process's seccomp programs")

// A Filter is a program with what the kernel knows beside it.
type Filter struct {
	Program bpf.Program
	Logs    bool // SECCOMP_FILTER_FLAG_LOG
}

// Filters returns the filters of a process, the oldest first; those of one
// thread, if pid is a thread's. It is stopped for the time that this takes.
func Filters(pid int) ([]Filter, error) {
	var filters []Filter
	err := onOwnThread(func() error {
		t, err := seize(pid, 0)
		if err != nil {
			return err
		}
		err = t.stop()
		if err == nil {
			filters, err = t.filters()
		}
		return errors.Join(err, t.release())
	})
	return filters, err
}

// Verify lets threads go on only if judge returns nil for the filters of each, the
// oldest first. Otherwise their processes are killed before they execute another
// instruction, also if this process ends meanwhile.
//
// The threads may be frozen by their cgroup, and do not stop then. So thaw is called
// when each is bound to stop before it returns to its program. It may be nil.
//
// A thread that has ended is left out.
func Verify(threads []int, thaw func() error, judge func(thread int, filters []Filter) error) error {
	return onOwnThread(func() error {
		var held []tracee
		err := hold(threads, &held)
		if err == nil && thaw != nil {
			err = thaw()
		}
		for i := 0; i < len(held) && err == nil; i++ {
			err = held[i].verify(judge)
		}
		if err != nil {
			for _, t := range held {
				_ = unix.Kill(t.thread, unix.SIGKILL) // its process; it may have ended
			}
		}
		for _, t := range held {
			if releaseErr := t.release(); !hasEnded(releaseErr) {
				err = errors.Join(err, releaseErr)
			}
		}
		return err
	})
}

// hold makes threads stop as soon as they can, and adds those that live to held.
func hold(threads []int, held *[]tracee) error {
	for _, thread := range threads {
		t, err := seize(thread, unix.PTRACE_O_EXITKILL)
		if hasEnded(err) {
			continue
		}
		if err != nil {
			return err
		}
		*held = append(*held, t)
	}
	return nil
}

func (t *tracee) verify(judge func(thread int, filters []Filter) error) error {
	err := t.stop()
	var filters []Filter
	if err == nil {
		filters, err = t.filters()
	}
	if hasEnded(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return judge(t.thread, filters)
}

// onOwnThread runs a tracer. If its thread can end with it, what it still traces is
// released by that.
func onOwnThread(tracer func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- tracer()
	}()
	return <-done
}
