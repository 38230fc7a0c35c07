package task

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/containerd/containerd/api/events"
	coreevents "github.com/containerd/containerd/v2/core/events"
)

// slow is a publisher to a containerd that answers late.
type slow struct {
	published []string
	closed    bool
}

func (s *slow) Publish(_ context.Context, _ string, e coreevents.Event) error {
	time.Sleep(time.Millisecond)
	s.published = append(s.published, e.(*events.TaskPaused).GetContainerID())
	return nil
}

func (s *slow) Close() error {
	s.closed = true
	return nil
}

// When close returns, all events have been published, in the order of sending.
func TestQueueIsEmptyAfterClose(t *testing.T) {
	late := &slow{}
	q := newQueue(late)
	go q.run(t.Context())
	want := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for _, id := range want {
		q.send(&events.TaskPaused{ContainerID: id})
	}
	if err := q.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(late.published, want) {
		t.Errorf("published %v, want %v", late.published, want)
	}
	if !late.closed {
		t.Error("the publisher is still open")
	}
}
