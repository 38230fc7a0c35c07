package shim

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/containerd/containerd/api/events"
	"github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/errdefs"
	"github.com/containerd/ttrpc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/emptypb"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/stdio"
)

var _ task.TTRPCTaskService = (*service)(nil)

// service is containerd's task API, v3 and v2, for the containers of one group.
type service struct {
	events   *queue
	shutdown shutdown.Service
	unlink   func() // removes the socket file
	compiler *compile.Cached

	mu      sync.Mutex
	closing bool // no container is created any more
	ending  bool // Shutdown was asked for while only creates were under way
	// containers by ID; nil while one is being created, which reserves its ID.
	containers map[string]*container.Container
	creates    map[string]*creation // those under way, by ID
}

// creation is a create that is under way.
type creation struct {
	end  context.CancelCauseFunc // undoes it
	over chan struct{}           // closed when it has succeeded or is undone
}

func newService(ctx context.Context, publisher publisher, sd shutdown.Service, unlink func()) *service {
	s := &service{
		events:     newQueue(publisher),
		shutdown:   sd,
		unlink:     unlink,
		compiler:   compile.NewCached(openCache(ctx)),
		containers: map[string]*container.Container{},
		creates:    map[string]*creation{},
	}
	go s.events.run(context.WithoutCancel(ctx))
	sd.RegisterCallback(s.events.close)
	return s
}

// RegisterTTRPC implements containerd's shim.TTRPCService.
func (s *service) RegisterTTRPC(server *ttrpc.Server) error {
	task.RegisterTTRPCTaskService(server, s)
	server.RegisterService(nameV2, &ttrpc.ServiceDesc{Methods: methodsV2(s)})
	return nil
}

// reserve begins a create.
func (s *service) reserve(id string, end context.CancelCauseFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		// Its group found this shim a moment before its end.
		return fmt.Errorf("the shim is shutting down: %w", errdefs.ErrUnavailable)
	}
	if _, ok := s.containers[id]; ok {
		return fmt.Errorf("container %s: %w", mistake.Shown(id), errdefs.ErrAlreadyExists)
	}
	s.containers[id] = nil
	s.creates[id] = &creation{end, make(chan struct{})}
	return nil
}

func (s *service) add(c *container.Container) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.containers[c.ID] = c
	s.created(c.ID)
	s.ending = false // containerd has a container here
}

func (s *service) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.containers, id)
	if s.ending {
		s.endIfEmptyLocked()
	}
	s.created(id)
}

// created is called, under mu, when a create is over.
func (s *service) created(id string) {
	if c, ok := s.creates[id]; ok {
		delete(s.creates, id)
		close(c.over)
	}
}

func (s *service) hasContainers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.containers) > 0
}

// endIfEmpty ends the shim, unless it has containers.
func (s *service) endIfEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endIfEmptyLocked()
}

func (s *service) endIfEmptyLocked() bool {
	if len(s.containers) > 0 {
		return false
	}
	s.closing = true
	// Its last events may take a while, and the next start of its group is not to
	// find it any more.
	s.unlink()
	s.shutdown.Shutdown()
	return true
}

func (s *service) container(id string) (*container.Container, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.containers[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("container %s: %w", mistake.Shown(id), errdefs.ErrNotFound)
}

func (s *service) process(id, execID string) (*container.Process, error) {
	c, err := s.container(id)
	if err != nil {
		return nil, err
	}
	return c.Process(execID)
}

// Create makes a container; its init waits for Start. It is undone if the client
// goes before the answer is known, or asks for the shim's Shutdown.
func (s *service) Create(ctx context.Context, r *task.CreateTaskRequest) (*task.CreateTaskResponse, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if err := s.reserve(r.ID, end); err != nil {
		return nil, err
	}
	c, err := s.createContainer(ctx, r)
	if err != nil {
		s.remove(r.ID)
		return nil, fmt.Errorf("OCI runtime create failed: %w", err)
	}
	return &task.CreateTaskResponse{Pid: uint32(c.Init().Pid())}, nil
}

// Start runs a created container or an added exec.
func (s *service) Start(ctx context.Context, r *task.StartRequest) (*task.StartResponse, error) {
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
	return &task.StartResponse{Pid: uint32(p.Pid())}, nil
}

// Delete removes a process that has ended; for init, the container.
func (s *service) Delete(ctx context.Context, r *task.DeleteRequest) (*task.DeleteResponse, error) {
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
	return &task.DeleteResponse{
		Pid:        uint32(exit.Pid),
		ExitStatus: uint32(exit.Status),
		ExitedAt:   protobuf.ToTimestamp(exit.At),
	}, nil
}

// Exec adds a process to a container; it waits for Start.
func (s *service) Exec(ctx context.Context, r *task.ExecProcessRequest) (*emptypb.Empty, error) {
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

// Shutdown ends the shim, unless it has containers. A create of the container that
// it names is undone: containerd does not know of it. The shim of a pod is asked
// after each of its containers, and another's create goes on; if that fails, and
// was the last, the shim ends.
func (s *service) Shutdown(ctx context.Context, r *task.ShutdownRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	s.ending = !s.endIfEmptyLocked() && len(s.containers) == len(s.creates)
	named := s.creates[r.ID]
	s.mu.Unlock()
	if named == nil {
		return &emptypb.Empty{}, nil
	}
	named.end(errShutdown)
	// When this is answered, containerd may start a shim for the same container.
	select {
	case <-named.over:
	case <-ctx.Done():
	}
	return &emptypb.Empty{}, nil
}

var errShutdown = errors.New("the shim was asked to shut down")
