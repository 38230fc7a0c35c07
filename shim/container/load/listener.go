package load

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// handOver delivers the listener, and then lets the process call execve.
func (c *Channel) handOver(p Process, call Execve) error {
	listener, err := c.awaitListener(p, call)
	if err == nil {
		defer listener.Close()
		err = p.Deliver(listener)
	}
	if err != nil {
		_ = c.page.write(wordResume, resumeEnd) // best effort: the caller kills the process
		return err
	}
	return c.page.write(wordResume, resumeExecve)
}

// awaitListener takes the listener out of the process, which can make no system call to
// send it. A store to the page is no event, so awaitListener polls.
func (c *Channel) awaitListener(p Process, call Execve) (*os.File, error) {
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, pollPause) {
		if n := c.page.read(wordListener); n != 0 {
			return takeDescriptor(p.PID, int(n-1))
		}
		if err := c.fate(p, call, pause); err != nil {
			return nil, err
		}
	}
}

// takeDescriptor duplicates a process's descriptor (pidfd_getfd(2), Linux 5.6).
func takeDescriptor(pid, number int) (*os.File, error) {
	process, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) { // the process has been reaped
		return nil, ErrKilled
	}
	if err != nil {
		return nil, fmt.Errorf("take the seccomp listener: %w", os.NewSyscallError("pidfd_open", err))
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, number, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, ErrKilled
	}
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("take the seccomp listener: %w (is kernel.yama.ptrace_scope 3, which forbids it?)", os.NewSyscallError("pidfd_getfd", err))
	}
	if err != nil {
		return nil, fmt.Errorf("take the seccomp listener: %w", os.NewSyscallError("pidfd_getfd", err))
	}
	return os.NewFile(uintptr(fd), "seccomp-listener"), nil
}
