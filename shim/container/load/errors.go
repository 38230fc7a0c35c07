package load

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
)

// Errors of processes that did not run their program.
var (
	// ErrEarlyEnd says that a process ended before it was ready to load its filter.
	ErrEarlyEnd = errors.New("the process ended before it ran the program")
	// ErrKilled says that a process ended after that and left no reason in the page.
	ErrKilled = errors.New("the process was killed before it ran the program")
	// ErrThreadKilled says that the process's first thread, which loads the filter and
	// calls execve, has ended while other threads live. Only a filter that answers
	// SECCOMP_RET_KILL_THREAD causes this.
	ErrThreadKilled = errors.New("the filter killed the process before it ran the program")
)

// ExecveError says that execve(2) failed. The errno is the kernel's, the filter's or an
// agent's.
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
