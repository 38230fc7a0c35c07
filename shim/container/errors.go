package container

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runc/libcontainer"
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
