package task

import (
	"context"
	"fmt"
	"os"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	runc "github.com/containerd/containerd/api/types/runc/options"
	status "github.com/containerd/containerd/api/types/task"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/typeurl/v2"

	"seccomp-shim/shim/container"
)

var statusOf = map[container.State]status.Status{
	container.Created: status.Status_CREATED,
	container.Running: status.Status_RUNNING,
	container.Pausing: status.Status_PAUSING,
	container.Paused:  status.Status_PAUSED,
	container.Stopped: status.Status_STOPPED,
	container.Deleted: status.Status_STOPPED,
}

// State describes a process.
func (s *Service) State(_ context.Context, r *taskv3.StateRequest) (*taskv3.StateResponse, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	streams, state, exit := p.Streams(), p.State(), p.Exit()
	response := &taskv3.StateResponse{
		ID:       r.ID,
		ExecID:   r.ExecID,
		Bundle:   p.Container.Bundle,
		Pid:      uint32(p.Pid()),
		Status:   statusOf[state],
		Stdin:    streams.Stdin,
		Stdout:   streams.Stdout,
		Stderr:   streams.Stderr,
		Terminal: streams.Terminal,
	}
	if !exit.At.IsZero() {
		response.ExitStatus = uint32(exit.Status)
		response.ExitedAt = protobuf.ToTimestamp(exit.At)
	}
	return response, nil
}

// Pids lists the processes of a container, and which of them were exec'd.
//
// That a container has stopped is an error. An empty answer would make a containerd that
// starts delete the task as one that was never created (shouldCleanupShim in core/runtime/v2).
// The exit code of a container that has ended while containerd was down would be lost: pods
// would have ended with 255.
func (s *Service) Pids(_ context.Context, r *taskv3.PidsRequest) (*taskv3.PidsResponse, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	pids, err := c.Pids()
	if err != nil {
		return nil, err
	}
	if len(pids) == 0 && c.State() == container.Stopped {
		return nil, fmt.Errorf("list the processes of container %s: %w", r.ID, container.ErrNotRunning)
	}
	execs := map[int]string{}
	for _, p := range c.Execs() {
		execs[p.Pid()] = p.ID
	}
	response := &taskv3.PidsResponse{}
	for _, pid := range pids {
		info := &status.ProcessInfo{Pid: uint32(pid)}
		if id, ok := execs[pid]; ok {
			if info.Info, err = typeurl.MarshalAnyToProto(&runc.ProcessDetails{ExecID: id}); err != nil {
				return nil, err
			}
		}
		response.Processes = append(response.Processes, info)
	}
	return response, nil
}

// Stats returns a container's metrics.
func (s *Service) Stats(_ context.Context, r *taskv3.StatsRequest) (*taskv3.StatsResponse, error) {
	c, err := s.container(r.ID)
	if err != nil {
		return nil, err
	}
	stats, err := c.Stats()
	if err != nil {
		return nil, err
	}
	message, err := typeurl.MarshalAnyToProto(stats)
	if err != nil {
		return nil, err
	}
	return &taskv3.StatsResponse{Stats: message}, nil
}

// Wait returns when a process has ended.
func (s *Service) Wait(ctx context.Context, r *taskv3.WaitRequest) (*taskv3.WaitResponse, error) {
	p, err := s.process(r.ID, r.ExecID)
	if err != nil {
		return nil, err
	}
	exit, err := p.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return &taskv3.WaitResponse{ExitStatus: uint32(exit.Status), ExitedAt: protobuf.ToTimestamp(exit.At)}, nil
}

// Connect returns the pids of the shim and of a container's init.
func (s *Service) Connect(_ context.Context, r *taskv3.ConnectRequest) (*taskv3.ConnectResponse, error) {
	response := &taskv3.ConnectResponse{ShimPid: uint32(os.Getpid())}
	if c, err := s.container(r.ID); err == nil {
		response.TaskPid = uint32(c.Init().Pid())
	}
	return response, nil
}
