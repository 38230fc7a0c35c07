package container

import (
	"errors"
	"fmt"

	"seccomp-shim/mistake"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// Classes of errors, for errors.Is.
var (
	ErrNotFound      = errors.New("not found")
	ErrAlreadyExists = errors.New("already exists")
	ErrInvalid       = errors.New("invalid argument")
	ErrNotRunning    = errors.New("not running")
)

// translate adds this package's class to an error of libcontainer, and leaves the text as
// it is.
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

// invalidf returns an error of class ErrInvalid.
func invalidf(format string, args ...any) error {
	return &classified{error: fmt.Errorf(format, args...), class: ErrInvalid}
}

// classified is an error with a class that its text does not name.
type classified struct {
	error
	class error
}

func (c *classified) Unwrap() []error { return []error{c.error, c.class} }

// earlyExitError says that a process ended before it ran the user's program: it was
// killed, or a startContainer hook failed.
type earlyExitError struct {
	Exec   string // its exec ID; empty for the container's init
	Status int    // as in [Exit]
}

func (e *earlyExitError) Error() string {
	who := "the container's init"
	if e.Exec != "" {
		who = "process " + mistake.Shown(e.Exec)
	}
	if name := unix.SignalName(unix.Signal(e.Status - 128)); name != "" {
		return fmt.Sprintf("%s was killed by %s before it ran the program", who, name)
	}
	return fmt.Sprintf("%s exited with status %d before it ran the program", who, e.Status)
}
