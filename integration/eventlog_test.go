package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/api/events"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// eventLog collects the task events that containerd publishes, by container.
type eventLog struct {
	mu     sync.Mutex
	events map[string][]string
}

// subscribe collects all events from now on.
func subscribe(t *testing.T) *eventLog {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	return subscribeTo(t, client)
}

func subscribeTo(t *testing.T, client *containerd.Client) *eventLog {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	heard, failed := client.Subscribe(ctx, `topic~="/tasks/"`)
	all := &eventLog{events: map[string][]string{}}
	go func() {
		for {
			select {
			case envelope := <-heard:
				event, err := typeurl.UnmarshalAny(envelope.Event)
				if err != nil {
					continue
				}
				all.add(strings.TrimPrefix(envelope.Topic, "/tasks/"), event)
			case <-failed:
				return
			}
		}
	}()
	return all
}

func (a *eventLog) add(name string, event any) {
	about, ok := event.(interface{ GetContainerID() string })
	if !ok {
		return
	}
	if exit, ok := event.(*events.TaskExit); ok {
		name = fmt.Sprintf("exit %d", exit.ExitStatus)
		if exit.ID == exit.ContainerID {
			name += " of init"
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events[about.GetContainerID()] = append(a.events[about.GetContainerID()], name)
}

// of returns a container's events, in order.
func (a *eventLog) of(id string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.events[id]...)
}

// repeated returns the events of each container for which an event was published twice.
func (a *eventLog) repeated() (all []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, published := range a.events {
		if !strings.HasPrefix(id, "s") { // the ids of other tests, which have many execs
			continue
		}
		seen := map[string]bool{}
		for _, event := range published {
			if seen[event] {
				all = append(all, fmt.Sprintf("%s: %v", id, published))
				break
			}
			seen[event] = true
		}
	}
	return all
}

// shimOfGroup returns the pid of a group's shim, by the id of the container that the
// group is named after.
func shimOfGroup(t *testing.T, id string, together oci.SpecOpts) int {
	t.Helper()
	spec := &specs.Spec{}
	if err := together(t.Context(), nil, nil, spec); err != nil {
		t.Fatal(err)
	}
	sandbox, err := client.LoadContainer(bounded(t), spec.Annotations[groupAnnotation])
	if err != nil {
		t.Fatal(err)
	}
	task, err := sandbox.Task(bounded(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return shimOf(t, task.Pid())
}

// killNewChild waits for a child that the shim does not have yet, waits for the time
// after, and kills the child. It returns when over is closed, after which no child can
// come.
func killNewChild(t *testing.T, shim int, after time.Duration, over <-chan struct{}) {
	old := map[int]bool{}
	for _, pid := range children(shim) {
		old[pid] = true
	}
	for {
		for _, pid := range children(shim) {
			if !old[pid] {
				time.Sleep(after)
				if isChild(shim, pid) {
					_ = unix.Kill(pid, unix.SIGKILL) // it may have exited
				}
				return
			}
		}
		select {
		case <-over:
			return
		default:
		}
	}
}

func isChild(shim, pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	return len(fields) > 1 && fields[1] == strconv.Itoa(shim)
}

// children returns the pids of a process's children, also of dead ones.
func children(pid int) (all []int) {
	lists, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children")) // no bad pattern
	for _, list := range lists {
		text, _ := os.ReadFile(list) // its thread may have exited
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
