package task

import (
	"context"
	"errors"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/ttrpc"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/container"
)

// UnaryServerInterceptor gives every error of the service the status code by which
// containerd's clients tell errors apart. No other place does so.
func (*Service) UnaryServerInterceptor() ttrpc.UnaryServerInterceptor {
	return func(ctx context.Context, unmarshal ttrpc.Unmarshaler, _ *ttrpc.UnaryServerInfo, method ttrpc.Method) (any, error) {
		response, err := method(ctx, unmarshal)
		if err != nil {
			return nil, errgrpc.ToGRPC(flatten(err))
		}
		return response, nil
	}
}

// flatten reduces an error to its text, in one line, and containerd's class. errgrpc
// alone would send every error of the tree, and clients print each.
func flatten(err error) error {
	if class, ok := classOf(err).(interface{ WithMessage(string) error }); ok {
		return class.WithMessage(mistake.Line(err.Error()))
	}
	return &oneLine{err}
}

// oneLine is an error whose text has no control characters. libcontainer and the system's
// errors repeat names as they are, by which an image, a pod or a hook could command a
// terminal or forge lines of a log.
type oneLine struct{ error }

func (o *oneLine) Error() string { return mistake.Line(o.error.Error()) }

func (o *oneLine) Unwrap() error { return o.error }

// classOf returns the class of errdefs for an error; nil if it has none.
func classOf(err error) error {
	var stateErr *container.StateError
	var marked *classified
	switch {
	case errors.As(err, &marked):
		return marked.class
	case errors.As(err, &stateErr) && stateErr.Gone, errors.Is(err, container.ErrNotFound):
		return errdefs.ErrNotFound
	case errors.As(err, &stateErr), errors.Is(err, container.ErrNotRunning),
		errors.Is(err, container.ErrNoCRIU), errors.Is(err, container.ErrUnconfined):
		return errdefs.ErrFailedPrecondition
	case errors.Is(err, container.ErrAlreadyExists):
		return errdefs.ErrAlreadyExists
	case errors.Is(err, container.ErrInvalid):
		return errdefs.ErrInvalidArgument
	}
	return errdefs.Resolve(err)
}

// withClass gives an error a class of errdefs, without a change of its text.
func withClass(err, class error) error {
	return &classified{error: err, class: class}
}

type classified struct {
	error
	class error
}

func (c *classified) Unwrap() error { return c.error }
