package task

import (
	"context"
	"sync"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/ttrpc"

	"seccomp-shim/shim/container"
	"seccomp-shim/shim/observe"
)

var _ taskv3.TTRPCTaskService = (*Service)(nil)

// Service is containerd's task API, v3 and v2, for the containers of one group. Its
// methods are the API's; their errors get containerd's class in errors.go.
type Service struct {
	events   *queue
	shutdown shutdown.Service
	socket   Socket
	cacheDir string // of compiled profiles; empty for none
	kills    observe.Kills

	mu      sync.Mutex
	closing bool // the shim ends, and creates are refused; guarded by mu
	ending  bool // Shutdown found only creates, and the shim ends if all fail; guarded by mu
	// containers has all by ID; nil for one that is being created, which reserves its ID.
	// Guarded by mu.
	containers map[string]*container.Container
	creates    map[string]*creation // those under way, by ID; guarded by mu
}

// Socket is the shim's socket.
type Socket interface {
	// Retire takes the socket out of reach of containerd. It reports false, and the shim
	// must go on, if containerd has just been told to use it.
	Retire() bool
	// IsWide reports whether containers of several pods share the shim.
	IsWide() bool
}

// New returns a service without containers, which sends its events to containerd's
// ttrpc address. When the shim is to end, it retires the socket, and calls sd.Shutdown.
func New(ctx context.Context, address string, sd shutdown.Service, socket Socket) (*Service, error) {
	events, err := newForwarder(address)
	if err != nil {
		return nil, err
	}
	s := &Service{
		events:     newQueue(events),
		shutdown:   sd,
		socket:     socket,
		cacheDir:   nodeCacheDir,
		containers: map[string]*container.Container{},
		creates:    map[string]*creation{},
	}
	go s.events.run(context.WithoutCancel(ctx))
	sd.RegisterCallback(s.events.close)
	sd.RegisterCallback(s.stopRecordings)
	return s, nil
}

// RegisterTTRPC implements containerd's shim.TTRPCService.
func (s *Service) RegisterTTRPC(server *ttrpc.Server) error {
	taskv3.RegisterTTRPCTaskService(server, s)
	server.RegisterService(nameV2, &ttrpc.ServiceDesc{Methods: methodsV2(s)})
	return nil
}
