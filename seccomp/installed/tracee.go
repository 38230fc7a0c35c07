package installed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const patience = 10 * time.Second

// errEnded says that there is no such thread any more.
var errEnded = errors.New("it has ended")

func hasEnded(err error) bool { return errors.Is(err, errEnded) || errors.Is(err, unix.ESRCH) }

// tracee is a thread that this one traces. Messages call it a process, as the user
// does who names it. signal was on its way to it.
type tracee struct {
	thread int
	signal unix.Signal
}

// seize begins to trace a thread, and makes it stop as soon as it can.
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
// The wait has an end: when another thread calls execve, a process loses its first
// one, which is traced, and nobody is told. It leaves exits alone (no WEXITED): of a
// child they are another waiter's.
func (t *tracee) stop() error {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
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
			return fmt.Errorf("stop process %d: it does not stop within %v", t.thread, patience)
		}
	}
}

// pending returns the signal that the thread has stopped for, if it was one.
func pending(stop *unix.Siginfo) unix.Signal {
	status := statusOf(stop)
	if status>>8 == unix.PTRACE_EVENT_STOP {
		return 0
	}
	return unix.Signal(status & 0x7f)
}

// release lets the thread go on.
func (t *tracee) release() error {
	if err := ptrace(unix.PTRACE_DETACH, t.thread, 0, uintptr(t.signal)); err != nil {
		return fmt.Errorf("release process %d: %w", t.thread, err)
	}
	return nil
}

func (t *tracee) filters() ([]Filter, error) {
	var all []Filter
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

// isZombie reports whether a thread has ended without being waited for. Of the first
// thread of a process, that may be long before the others.
func isZombie(thread int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", thread))
	if err != nil {
		return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
	}
	_, state, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return bytes.HasPrefix(state, []byte("Z")) || bytes.HasPrefix(state, []byte("X"))
}
