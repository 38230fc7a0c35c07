package task

import (
	"context"
	"errors"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"google.golang.org/protobuf/types/known/emptypb"
)

var errShutdown = errors.New("the shim was asked to shut down")

// Shutdown ends the shim, unless it has containers. It undoes the create of the named
// container, which containerd does not know of. containerd asks the shim of a pod after
// each of the pod's containers: creates of other containers go on, and if all of them
// fail, the shim ends.
//
// The shim of more than a pod does not end so: a container that is to come knows nothing
// of the last one that goes. It ends when nobody has used it for a while (EndIfEmpty).
func (s *Service) Shutdown(ctx context.Context, r *taskv3.ShutdownRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	if !s.socket.IsWide() {
		s.ending = !s.endIfEmptyLocked() && len(s.containers) == len(s.creates)
	}
	named := s.creates[r.ID]
	s.mu.Unlock()
	if named == nil {
		return &emptypb.Empty{}, nil
	}
	named.cancel(errShutdown)
	// After the answer containerd may start a shim for the same container.
	select {
	case <-named.over:
	case <-ctx.Done():
	}
	return &emptypb.Empty{}, nil
}

// EndIfEmpty ends the shim, unless it has containers. It reports whether the shim ends.
func (s *Service) EndIfEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endIfEmptyLocked()
}

func (s *Service) endIfEmptyLocked() bool {
	// Publishing the last events may take a while. The group's next start must not find
	// this shim meanwhile.
	if len(s.containers) > 0 || !s.socket.Retire() {
		return false
	}
	s.closing = true
	s.shutdown.Shutdown()
	return true
}
