package task

import (
	"context"
	"fmt"
	"math"

	"github.com/containerd/containerd/api/events"
	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	runc "github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/emptypb"

	"seccomp-shim/shim/container"
)

// ResizePty sets the size of a process's terminal.
func (s *Service) ResizePty(_ context.Context, r *taskv3.ResizePtyRequest) (*emptypb.Empty, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if max(r.Width, r.Height) > math.MaxUint16 { // struct winsize
		return nil, fmt.Errorf("resize to %d x %d: neither may be above %d: %w", r.Width, r.Height, math.MaxUint16, errdefs.ErrInvalidArgument)
	}
	return &emptypb.Empty{}, p.Resize(uint16(r.Width), uint16(r.Height))
}

// CloseIO ends a process's stdin.
func (s *Service) CloseIO(_ context.Context, r *taskv3.CloseIORequest) (*emptypb.Empty, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	if r.Stdin {
		p.CloseStdin()
	}
	return &emptypb.Empty{}, nil
}

// Pause freezes a container.
func (s *Service) Pause(_ context.Context, r *taskv3.PauseRequest) (*emptypb.Empty, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	if err := c.Pause(); err != nil {
		return nil, err
	}
	s.events.send(&events.TaskPaused{ContainerID: r.ID})
	return &emptypb.Empty{}, nil
}

// Resume thaws a container.
func (s *Service) Resume(_ context.Context, r *taskv3.ResumeRequest) (*emptypb.Empty, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	if err := c.Resume(); err != nil {
		return nil, err
	}
	s.events.send(&events.TaskResumed{ContainerID: r.ID})
	return &emptypb.Empty{}, nil
}

// Kill sends a signal to a process.
func (s *Service) Kill(_ context.Context, r *taskv3.KillRequest) (*emptypb.Empty, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	const last = 64 // SIGRTMAX
	if r.Signal > last {
		return nil, fmt.Errorf("signal %d: unknown: %w", r.Signal, errdefs.ErrInvalidArgument)
	}
	return &emptypb.Empty{}, p.Kill(unix.Signal(r.Signal), r.All)
}

// Update changes a container's resources.
func (s *Service) Update(_ context.Context, r *taskv3.UpdateTaskRequest) (*emptypb.Empty, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	resources := &specs.LinuxResources{}
	if err := decodeJSON("resources", r.GetResources().GetValue(), resources); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, c.Update(resources)
}

// Checkpoint saves a container's processes with CRIU.
func (s *Service) Checkpoint(_ context.Context, r *taskv3.CheckpointTaskRequest) (*emptypb.Empty, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	options := &runc.CheckpointOptions{}
	if r.Options != nil {
		if err := typeurl.UnmarshalTo(r.Options, options); err != nil {
			return nil, fmt.Errorf("read checkpoint options: %w: %w", err, errdefs.ErrInvalidArgument)
		}
	}
	for _, ns := range options.GetEmptyNamespaces() {
		if ns != "network" { // a checkpoint never has this one
			return nil, fmt.Errorf("checkpoint options: empty_namespaces: %q: only network can be: %w", ns, errdefs.ErrInvalidArgument)
		}
	}
	return &emptypb.Empty{}, c.Checkpoint(container.Checkpoint{
		Images:      r.Path,
		Work:        options.GetWorkPath(),
		Parent:      options.GetParentPath(),
		Exit:        options.GetExit(),
		OpenTCP:     options.GetOpenTcp(),
		UnixSockets: options.GetExternalUnixSockets(),
		Terminal:    options.GetTerminal(),
		FileLocks:   options.GetFileLocks(),
		CgroupsMode: options.GetCgroupsMode(),
	})
}
