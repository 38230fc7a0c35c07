package task

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/api/events"
	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/emptypb"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/stdio"
)

// Start runs the program of a created container or of an added exec.
func (s *Service) Start(ctx context.Context, r *taskv3.StartRequest) (*taskv3.StartResponse, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if err := p.Start(ctx); err != nil {
		if r.ExecID == "" {
			return nil, fmt.Errorf("OCI runtime start failed: %w", err)
		}
		return nil, fmt.Errorf("OCI runtime exec failed: %w", err)
	}
	return &taskv3.StartResponse{Pid: uint32(p.Pid())}, nil
}

// Delete removes a process that has ended; with the init it removes the container.
func (s *Service) Delete(ctx context.Context, r *taskv3.DeleteRequest) (*taskv3.DeleteResponse, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	exit, err := p.Delete(ctx)
	if err != nil {
		return nil, err
	}
	if r.ExecID == "" {
		s.remove(r.ID)
		if err := bundle.Dir(p.Container.Bundle).UnmountRootfs(); err != nil {
			return nil, fmt.Errorf("unmount rootfs: %w", err)
		}
		s.events.send(&events.TaskDelete{
			ContainerID: r.ID,
			Pid:         uint32(exit.Pid),
			ExitStatus:  uint32(exit.Status),
			ExitedAt:    protobuf.ToTimestamp(exit.At),
		})
	}
	return &taskv3.DeleteResponse{
		Pid:        uint32(exit.Pid),
		ExitStatus: uint32(exit.Status),
		ExitedAt:   protobuf.ToTimestamp(exit.At),
	}, nil
}

// Exec adds a process to a container. The process waits for Start.
func (s *Service) Exec(ctx context.Context, r *taskv3.ExecProcessRequest) (*emptypb.Empty, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	spec := &specs.Process{}
	if err := decodeJSON("process spec", r.GetSpec().GetValue(), spec); err != nil {
		return nil, err
	}
	spec.Terminal = r.Terminal
	streams, err := stdio.Open(
		stdio.Streams{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal},
		c.Init().StdioOwner(r.ExecID))
	if err != nil {
		return nil, err
	}
	if _, err := c.AddExec(r.ExecID, spec, streams); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
