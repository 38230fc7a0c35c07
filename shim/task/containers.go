package task

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/container"
)

// creation is a create that is under way.
type creation struct {
	cancel context.CancelCauseFunc // makes it fail, and undo what it has done
	over   chan struct{}           // closed when it has succeeded or is undone
}

// reserve takes a container's ID for a create, which add or remove ends.
func (s *Service) reserve(id string, cancel context.CancelCauseFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		// The group's start found this shim just before it removed its socket.
		return fmt.Errorf("the shim is shutting down: %w", errdefs.ErrUnavailable)
	}
	if _, ok := s.containers[id]; ok {
		return fmt.Errorf("container %s: %w", mistake.Shown(id), errdefs.ErrAlreadyExists)
	}
	s.containers[id] = nil
	s.creates[id] = &creation{cancel, make(chan struct{})}
	return nil
}

// add publishes a created container to the requests.
func (s *Service) add(c *container.Container) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.containers[c.ID] = c
	s.endCreateLocked(c.ID)
	s.ending = false // containerd has a container here
}

// remove frees the ID of a deleted container, or of one whose create has failed.
func (s *Service) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.containers, id)
	if s.ending {
		s.endIfEmptyLocked()
	}
	s.endCreateLocked(id)
}

func (s *Service) endCreateLocked(id string) {
	if c, ok := s.creates[id]; ok {
		delete(s.creates, id)
		close(c.over)
	}
}

// HasContainers reports whether the shim has containers, or creates one.
func (s *Service) HasContainers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.containers) > 0
}

// container returns a created container. Before the end of its create it is not found.
func (s *Service) container(id string) (*container.Container, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.containers[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("container %s: %w", mistake.Shown(id), errdefs.ErrNotFound)
}

// process returns a container's exec, or its init for an empty execID.
func (s *Service) process(id, execID string) (*container.Process, error) {
	c, err := s.container(id)
	if err != nil {
		return nil, err
	}
	return c.Process(execID)
}
