// Package readback tells what seccomp programs the kernel runs for a process,
// and whether two programs decide alike.
package readback

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

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

// Filters returns the filters of a process, the oldest first. The process is
// stopped for the time that this takes.
func Filters(pid int) ([]Filter, error) {
	// A tracer is a thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
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
	for i := uintptr(0); ; i++ {
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

func filter(pid int, index uintptr) (Filter, error) {
	const instructionSize = 8 // sizeof(struct sock_filter)
	buf := make([]byte, bpf.MaxInstructions*instructionSize)
	n, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(pid), index,
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), 0, 0)
	if errno != 0 {
		return Filter{}, errno
	}
	program, err := bpf.Decode(buf[:n*instructionSize])
	if err != nil {
		return Filter{}, err
	}
	metadata := struct{ offset, flags uint64 }{offset: uint64(index)} // struct seccomp_metadata
	_, _, errno = unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_METADATA, uintptr(pid),
		unsafe.Sizeof(metadata), uintptr(unsafe.Pointer(&metadata)), 0, 0)
	if errno != 0 {
		return Filter{}, errno
	}
	return Filter{Program: program, Logs: metadata.flags&unix.SECCOMP_FILTER_FLAG_LOG != 0}, nil
}

func ptrace(request, pid int, addr, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), addr, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
