// Package installed tells which seccomp programs the kernel runs for a process.
package installed

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

const patience = 10 * time.Second

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
	type result struct {
		filters []Filter
		err     error
	}
	done := make(chan result)
	go func() {
		// A tracer is a thread. This one is not unlocked, so it ends with the
		// goroutine, and whatever it still traces then goes on.
		runtime.LockOSThread()
		filters, err := trace(pid)
		done <- result{filters, err}
	}()
	r := <-done
	return r.filters, r.err
}

func trace(pid int) ([]Filter, error) {
	if err := ptrace(unix.PTRACE_SEIZE, pid, 0, 0); err != nil {
		return nil, fmt.Errorf("trace process %d: %w", pid, err)
	}
	signal, err := stop(pid)
	if err != nil {
		return nil, fmt.Errorf("stop process %d: %w", pid, err)
	}
	filters, err := filters(pid)
	return filters, errors.Join(err, ptrace(unix.PTRACE_DETACH, pid, 0, uintptr(signal)))
}

// stop returns the signal that was on its way to the process, if one was.
func stop(pid int) (unix.Signal, error) {
	if err := unix.PtraceInterrupt(pid); err != nil {
		return 0, err
	}
	// The wait has an end: when another thread calls execve, a process loses
	// its first one, which is traced, and nobody is told.
	var status unix.WaitStatus
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stopped, err := unix.Wait4(pid, &status, unix.WALL|unix.WNOHANG, nil)
		if err != nil {
			return 0, err
		}
		if stopped == pid {
			break
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("it does not stop within %v", patience)
		}
	}
	if !status.Stopped() {
		return 0, fmt.Errorf("it has ended with status %#x", status)
	}
	if status>>16 == unix.PTRACE_EVENT_STOP {
		return 0, nil
	}
	return status.StopSignal(), nil
}

func filters(pid int) ([]Filter, error) {
	var all []Filter
	for i := 0; ; i++ {
		f, err := filter(pid, i)
		switch {
		case errors.Is(err, unix.ENOENT):
			return all, nil
		case errors.Is(err, unix.EINVAL) && i == 0: // the process is not in filter mode
			return nil, nil
		case errors.Is(err, unix.EACCES), errors.Is(err, unix.EIO):
			return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
		case err != nil:
			return nil, fmt.Errorf("read filter %d of process %d: %w", i, pid, err)
		}
		all = append(all, f)
	}
}
