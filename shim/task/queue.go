package shim

import (
	"context"
	"sync"
	"time"

	"github.com/containerd/containerd/api/events"
	"github.com/containerd/containerd/api/types"
	event "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/runtime"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/log"

	"seccomp-shim/shim/container"
)

// publisher tells containerd of an event.
type publisher interface {
	Publish(ctx context.Context, topic string, event event.Event) error
	Close() error
}

// queue forwards events to containerd in the order in which they were sent.
// send never blocks: it is called while a process's gate is held, and
// containerd may be busy or restarting.
type queue struct {
	publisher publisher
	stop      chan struct{} // closed when no event follows
	stopped   chan struct{} // closed when all are published

	mu      sync.Mutex
	pending []any
	wake    chan struct{} // holds a token while pending is not empty
}

func newQueue(publisher publisher) *queue {
	return &queue{
		publisher: publisher,
		stop:      make(chan struct{}),
		stopped:   make(chan struct{}),
		wake:      make(chan struct{}, 1),
	}
}

func (q *queue) send(event any) {
	q.mu.Lock()
	q.pending = append(q.pending, event)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []any {
	q.mu.Lock()
	defer q.mu.Unlock()
	events := q.pending
	q.pending = nil
	return events
}

// run publishes until the queue is closed and nothing is pending.
func (q *queue) run(ctx context.Context) {
	defer close(q.stopped)
	defer q.publisher.Close()
	for stopping := false; ; {
		for _, event := range q.take() {
			if err := q.publisher.Publish(ctx, runtime.GetTopic(event), event); err != nil {
				log.G(ctx).WithError(err).Error("failed to publish event")
			}
		}
		if stopping {
			return
		}
		select {
		case <-q.wake:
		case <-q.stop:
			stopping = true
		}
	}
}

// close ends the queue when the shim shuts down. It returns when what was sent
// before has been published, or after a limit: a containerd that takes no events
// must not keep the shim from ending.
func (q *queue) close(ctx context.Context) error {
	const limit = 5 * time.Second
	close(q.stop)
	select {
	case <-q.stopped:
	case <-time.After(limit):
		log.G(ctx).Errorf("failed to publish all events within %s", limit)
	}
	return nil
}

// reporter turns a container's life into containerd's events.
type reporter struct {
	service *service
	rootfs  []*types.Mount // as the create request gave it
}

func (r *reporter) Created(c *container.Container) {
	r.service.add(c)
	streams := c.Init().Streams()
	r.service.events.send(&events.TaskCreate{
		ContainerID: c.ID,
		Bundle:      c.Bundle,
		Rootfs:      r.rootfs,
		IO: &events.TaskIO{
			Stdin:    streams.Stdin,
			Stdout:   streams.Stdout,
			Stderr:   streams.Stderr,
			Terminal: streams.Terminal,
		},
		Pid: uint32(c.Init().Pid()),
	})
}

func (r *reporter) ExecAdded(p *container.Process) {
	r.service.events.send(&events.TaskExecAdded{ContainerID: p.Container.ID, ExecID: p.ID})
}

func (r *reporter) Started(p *container.Process) {
	if p.ID == "" {
		r.service.events.send(&events.TaskStart{ContainerID: p.Container.ID, Pid: uint32(p.Pid())})
		return
	}
	r.service.events.send(&events.TaskExecStarted{ContainerID: p.Container.ID, ExecID: p.ID, Pid: uint32(p.Pid())})
}

func (r *reporter) OOM(c *container.Container) {
	r.service.events.send(&events.TaskOOM{ContainerID: c.ID})
}

func (r *reporter) Exited(p *container.Process, e container.Exit) {
	id := p.ID
	if id == "" {
		id = p.Container.ID
	}
	r.service.events.send(&events.TaskExit{
		ContainerID: p.Container.ID,
		ID:          id,
		Pid:         uint32(e.Pid),
		ExitStatus:  uint32(e.Status),
		ExitedAt:    protobuf.ToTimestamp(e.At),
	})
}
