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

// eventLog keeps the events of tasks that containerd publishes, by container.
type eventLog struct {
	mu      sync.Mutex
	stories map[string][]string
}

// subscribe hears all events from here on.
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
	all := &eventLog{stories: map[string][]string{}}
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
	a.stories[about.GetContainerID()] = append(a.stories[about.GetContainerID()], name)
}

// of returns a container's events, in order.
func (a *eventLog) of(id string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.stories[id]...)
}

// repeated returns the stories in which something happens twice.
func (a *eventLog) repeated() (all []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, story := range a.stories {
		if !strings.HasPrefix(id, "s") { // another test's, with many execs
			continue
		}
		seen := map[string]bool{}
		for _, event := range story {
			if seen[event] {
				all = append(all, fmt.Sprintf("%s: %v", id, story))
				break
			}
			seen[event] = true
		}
	}
	return all
}

// shimOfGroup finds the shim of a group by the container that it is named after.
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

// killNewChild waits for a child that the shim does not have yet, and for a while
// more, and kills it. It returns when no child can come any more.
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
					_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by itself
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
		text, _ := os.ReadFile(list) // its thread may have ended
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
