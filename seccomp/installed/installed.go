// Package installed reads the seccomp programs that the kernel runs for a process.
//
// The kernel gives them to a tracer (ptrace) of a stopped thread. The tracer is a thread
// too, not a process, so all requests come from one goroutine that is locked to its thread.
package installed

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// ErrUnsupported is the error if programs cannot be read: the kernel has no
// CONFIG_CHECKPOINT_RESTORE, this process lacks CAP_SYS_ADMIN in the first user namespace,
// or it is itself under seccomp.
var ErrUnsupported = errors.New("the kernel does not tell a process's seccomp programs")

// A LoadedFilter is a program with its flags, as the kernel has it for a thread.
type LoadedFilter struct {
	Program bpf.Program
	Logs    bool // SECCOMP_FILTER_FLAG_LOG
}

// Filters returns the filters of a process, the oldest first, or those of one thread if pid
// is the id of a thread. Meanwhile the thread is stopped. The error is [ErrUnsupported] or
// that of ptrace.
func Filters(pid int) ([]LoadedFilter, error) {
	var filters []LoadedFilter
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

// Verify stops threads and calls judge with the filters of each, the oldest first. If judge
// returns nil for all of them, they continue. Otherwise, and if this process ends
// meanwhile, their processes are killed before they execute another instruction.
//
// Threads that their cgroup has frozen do not stop until they are thawed. So Verify calls
// thaw, unless it is nil, when each thread is bound to stop before it returns to its
// program.
//
// Threads that have ended are left out.
func Verify(threads []int, thaw func() error, judge func(thread int, filters []LoadedFilter) error) error {
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

// hold makes threads stop as soon as they can. It adds those that have not ended to held.
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

func (t *tracee) verify(judge func(thread int, filters []LoadedFilter) error) error {
	err := t.stop()
	var filters []LoadedFilter
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

// onOwnThread runs a tracer on a thread of its own. The thread ends with the tracer, and
// the kernel then detaches threads that are still traced. A process's first thread cannot
// be that thread: Go keeps it when its goroutine ends.
func onOwnThread(tracer func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked, so that the thread ends
		if unix.Gettid() == os.Getpid() {
			done <- onOwnThread(tracer)
			runtime.UnlockOSThread()
			return
		}
		done <- tracer()
	}()
	return <-done
}
