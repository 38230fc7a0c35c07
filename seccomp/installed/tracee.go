package installed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const stopTimeout = 10 * time.Second

// errEnded is the error for a thread that has ended.
var errEnded = errors.New("it has ended")

func hasEnded(err error) bool { return errors.Is(err, errEnded) || errors.Is(err, unix.ESRCH) }

// A tracee is a thread that the calling thread traces. Messages call it a process, as the
// user does who gives its id. signal is the signal that it gets when it continues.
type tracee struct {
	thread int
	signal unix.Signal
}

// seize starts to trace a thread and makes it stop as soon as it can.
func seize(thread, options int) (tracee, error) {
	t := tracee{thread: thread}
	err := ptrace(unix.PTRACE_SEIZE, thread, 0, uintptr(options))
	if err == nil {
		err = unix.PtraceInterrupt(thread)
	}
	if errors.Is(err, unix.EPERM) && isZombie(thread) {
		err = errEnded
	}
	if err != nil {
		return t, fmt.Errorf("trace process %d: %w", thread, err)
	}
	return t, nil
}

// stop waits until the thread stops.
//
// It has a timeout: if another thread calls execve, the first thread of the process, which
// is traced, disappears without an event. It does not wait for exits (no WEXITED), because
// another waiter may need the exit of a child.
func (t *tracee) stop() error {
	for deadline := time.Now().Add(stopTimeout); ; time.Sleep(time.Millisecond) {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, t.thread, &info, unix.WSTOPPED|unix.WALL|unix.WNOHANG, nil)
		if err == nil && info.Signo != 0 {
			t.signal = pending(&info)
			return nil
		}
		if errors.Is(err, unix.ECHILD) || isZombie(t.thread) {
			return fmt.Errorf("stop process %d: %w", t.thread, errEnded)
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("stop process %d: %w", t.thread, err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("stop process %d: it does not stop within %v", t.thread, stopTimeout)
		}
	}
}

// pending returns the signal that stopped the thread, or 0.
func pending(stop *unix.Siginfo) unix.Signal {
	status := statusOf(stop)
	if status>>8 == unix.PTRACE_EVENT_STOP {
		return 0
	}
	return unix.Signal(status & 0x7f)
}

// release detaches from the thread, which continues.
func (t *tracee) release() error {
	if err := ptrace(unix.PTRACE_DETACH, t.thread, 0, uintptr(t.signal)); err != nil {
		return fmt.Errorf("release process %d: %w", t.thread, err)
	}
	return nil
}

func (t *tracee) filters() ([]LoadedFilter, error) {
	var all []LoadedFilter
	for i := 0; ; i++ {
		f, err := filter(t.thread, i)
		switch {
		case errors.Is(err, unix.ENOENT):
			return all, nil
		case errors.Is(err, unix.EINVAL) && i == 0: // the thread is not in filter mode
			return nil, nil
		case errors.Is(err, unix.EACCES), errors.Is(err, unix.EIO):
			return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
		case err != nil:
			return nil, fmt.Errorf("read filter %d of process %d: %w", i, t.thread, err)
		}
		all = append(all, f)
	}
}

// isZombie reports whether a thread has ended, also if nobody has waited for it. The first
// thread of a process may end long before the others.
func isZombie(thread int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", thread))
	if err != nil {
		return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
	}
	_, state, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return bytes.HasPrefix(state, []byte("Z")) || bytes.HasPrefix(state, []byte("X"))
}
