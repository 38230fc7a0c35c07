package load

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
)

// Errors of processes that did not come to run their program.
var (
	// ErrEarlyEnd says that a process ended before it came to load its filter.
	ErrEarlyEnd = errors.New("the process ended before it ran the program")
	// ErrKilled says that a process ended after that, without a word of its own.
	ErrKilled = errors.New("the process was killed before it ran the program")
	// ErrThreadKilled says that the process's first thread, which is the one that
	// loads and calls execve, has ended while the others live. Only a filter that
	// answers SECCOMP_RET_KILL_THREAD does that.
	ErrThreadKilled = errors.New("the filter killed the process before it ran the program")
)

// ExecveError says that execve(2) failed, by the kernel or by the filter.
type ExecveError struct {
	Execve
	Errno unix.Errno
}

func (e *ExecveError) Error() string { return "exec " + mistake.Shown(e.Path) + ": " + e.Errno.Error() }

func (e *ExecveError) Unwrap() error { return e.Errno }

// LimitError says that prlimit(2) failed.
type LimitError struct {
	Limit
	Errno unix.Errno
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("process.rlimits: set %s: %s", e.Limit, e.Errno)
}

func (e *LimitError) Unwrap() error { return e.Errno }

// Process is what the shim does for a process, and knows of it, while it waits.
type Process struct {
	PID int
	// Deliver takes the filter's listener, if it has one, to its agent.
	Deliver func(listener *os.File) error
	// Standing is [StandingOf], but in tests.
	Standing func() (Standing, error)
}

// Load returns when the process is about to load its filter, or, with a listener,
// when the listener is delivered.
//
// The process then calls execve: see AwaitExecve. After an error, kill it.
func (c *Channel) Load(p Process) (Execve, error) {
	call, err := c.awaitReady()
	if err == nil && c.order.listens() {
		err = c.handOver(p, call)
	}
	return call, err
}

func (c *Channel) awaitReady() (Execve, error) {
	kind, body, err := c.receive(time.Time{})
	switch {
	case errors.Is(err, io.EOF):
		return Execve{}, ErrEarlyEnd
	case err != nil:
		return Execve{}, fmt.Errorf("wait for the program to run: %w", err)
	case kind == messageFailed:
		return Execve{}, errors.New(string(body))
	case kind != messageReady:
		return Execve{}, fmt.Errorf("wait for the program to run: unknown message %q", kind)
	}
	return decodeExecve(body)
}

func (c *Channel) handOver(p Process, call Execve) error {
	listener, err := c.awaitListener(p, call)
	if err == nil {
		defer listener.Close()
		err = p.Deliver(listener)
	}
	if err != nil {
		_ = c.page.write(wordResume, resumeEnd) // or else it is killed
		return err
	}
	return c.page.write(wordResume, resumeExecve)
}

// awaitListener takes the listener out of the process, which cannot send it.
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
	if errors.Is(err, unix.ESRCH) { // it has been reaped
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

// pollPause is how often a process is looked at that neither runs its program nor
// closes the channel: its first thread may have been killed, and its other
// threads hold the channel open.
const pollPause = 50 * time.Millisecond

// AwaitExecve returns when the process has become the user's program, or why it
// does not. After an error, kill the process: it may have threads left.
//
// It may be killed at any time, which ends the wait.
func (c *Channel) AwaitExecve(p Process, call Execve) error {
	for {
		err := c.fate(p, call, pollPause)
		if errors.Is(err, errExecuted) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// suspicion is the time between two looks at a process whose first thread has ended.
const suspicion = 10 * time.Millisecond

var errExecuted = errors.New("the program runs")

// fate waits for the channel to close, for a while. It returns errExecuted, why
// the program does not run, or nil if neither is known.
func (c *Channel) fate(p Process, call Execve, wait time.Duration) error {
	kind, _, err := c.receive(time.Now().Add(wait))
	closed := errors.Is(err, io.EOF)
	switch {
	case err == nil:
		return fmt.Errorf("wait for the program to run: unknown message %q", kind)
	case !closed && !errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("wait for the program to run: %w", err)
	}
	// In this order: of a process that has ended, the page is final.
	standing, err := p.Standing()
	if said := c.page.failure(c.order, call); said != nil {
		return said
	}
	switch {
	case err != nil:
		return err
	case standing == Executed:
		return errExecuted
	case standing == FirstThreadEnded && c.suspected:
		return ErrThreadKilled
	case standing == FirstThreadEnded: // look again: a thread may be between its last signal and its end
		c.suspected = true
		time.Sleep(suspicion)
	case standing == Ended:
		return ErrKilled
	}
	if closed { // it is about to end: exit_files comes before exit_notify (do_exit)
		time.Sleep(time.Millisecond)
	}
	return nil
}
