package container

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// eventLog records the events in their order.
type eventLog struct {
	onStarted func(*Process) // called before a start is recorded

	mu  sync.Mutex
	log []string // guarded by mu
}

func (l *eventLog) add(event, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, event+" "+id)
}

func (l *eventLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log)
}

func (l *eventLog) Created(c *Container) { l.add("created", c.ID) }

func (l *eventLog) ExecAdded(p *Process) { l.add("added", p.ID) }

func (l *eventLog) OOM(c *Container) { l.add("oom", c.ID) }

func (l *eventLog) Exited(p *Process, e Exit) { l.add(fmt.Sprintf("exited %d", e.Status), p.ID) }

func (l *eventLog) Started(p *Process) {
	if l.onStarted != nil {
		l.onStarted(p)
	}
	l.add("started", p.ID)
}

// want fails the test if other events were reported, or in another order.
func (l *eventLog) want(t *testing.T, want ...string) {
	t.Helper()
	if got := l.all(); !slices.Equal(got, want) {
		t.Errorf("events are %q, want %q", got, want)
	}
}
