package task

import (
	"context"
	"sync"
	"time"

	coreevents "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/core/runtime"
	"github.com/containerd/log"
)

// publisher sends an event to containerd. Publish returns when containerd has answered.
type publisher interface {
	Publish(ctx context.Context, topic string, event coreevents.Event) error
	Close() error
}

// queue publishes events in the order in which they were sent. send never blocks: it is
// called while a process's gate is held, and containerd may be busy or restarting.
type queue struct {
	publisher publisher
	stop      chan struct{} // closed when no event follows
	stopped   chan struct{} // closed when all are published
	wake      chan struct{} // holds a token while pending is not empty

	mu      sync.Mutex
	pending []message // guarded by mu
}

// A message is an event for a topic.
type message struct {
	topic string
	event any
}

func newQueue(p publisher) *queue {
	return &queue{
		publisher: p,
		stop:      make(chan struct{}),
		stopped:   make(chan struct{}),
		wake:      make(chan struct{}, 1),
	}
}

// send sends an event of a task.
func (q *queue) send(event any) { q.sendTo(runtime.GetTopic(event), event) }

func (q *queue) sendTo(topic string, event any) {
	q.mu.Lock()
	q.pending = append(q.pending, message{topic, event})
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() []message {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.pending
	q.pending = nil
	return taken
}

// run publishes until the queue is closed and nothing is pending.
func (q *queue) run(ctx context.Context) {
	defer close(q.stopped)
	defer q.publisher.Close()
	for stopping := false; ; {
		for _, m := range q.take() {
			if err := q.publisher.Publish(ctx, m.topic, m.event); err != nil {
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

// close ends the queue when the shim shuts down; no send follows. It returns when all
// events have been published, or after a limit: a containerd that takes no events must
// not keep the shim from ending.
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
