package container

import (
	"errors"
	"fmt"

	"seccomp-shim/mistake"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// Errors that callers tell apart, with errors.Is.
var (
	ErrNotFound      = errors.New("not found")
	ErrAlreadyExists = errors.New("already exists")
	ErrInvalid       = errors.New("invalid argument")
	ErrNotRunning    = errors.New("not running")
)

// translate gives libcontainer's errors this package's identity, without
// touching their text.
func translate(err error) error {
	for theirs, ours := range map[error]error{
		libcontainer.ErrNotExist:   ErrNotFound,
		libcontainer.ErrExist:      ErrAlreadyExists,
		libcontainer.ErrInvalidID:  ErrInvalid,
		libcontainer.ErrNotRunning: ErrNotRunning,
	} {
		if errors.Is(err, theirs) {
			return &classified{error: err, class: ours}
		}
	}
	return err
}

func invalidf(format string, args ...any) error {
	return &classified{error: fmt.Errorf(format, args...), class: ErrInvalid}
}

// classified is an error with a class that does not show in its text.
type classified struct {
	error
	class error
}

func (c *classified) Unwrap() []error { return []error{c.error, c.class} }

// EarlyExitError says that a process ended before it came to run the user's
// program: it was killed, or a startContainer hook failed.
type EarlyExitError struct {
	Exec   string // its exec ID; empty for the container's init
	Status int    // as in [Exit]
}

func (e *EarlyExitError) Error() string {
	who := "the container's init"
	if e.Exec != "" {
		who = "process " + mistake.Shown(e.Exec)
	}
	if name := unix.SignalName(unix.Signal(e.Status - 128)); name != "" {
		return fmt.Sprintf("%s was killed by %s before it ran the program", who, name)
	}
	return fmt.Sprintf("%s exited with status %d before it ran the program", who, e.Status)
}
