package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// When a shim is killed, containerd publishes the exits of its containers, no process
// of them survives, and nothing is left after delete: see newID.
func TestKilledShim(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact string
		make func(t *testing.T, id string, together oci.SpecOpts) *container
	}{
		{"of a running container with an exec", func(t *testing.T, id string, together oci.SpecOpts) *container {
			c := hold(t, id, nil, together)
			startSleep(t, c)
			return c
		}},
		{"of a container with the host's pids", func(t *testing.T, id string, together oci.SpecOpts) *container {
			c := hold(t, id, nil, together, oci.WithHostNamespace(specs.PIDNamespace))
			startSleep(t, c)
			return c
		}},
		{"of a paused container", func(t *testing.T, id string, together oci.SpecOpts) *container {
			c := hold(t, id, nil, together)
			if err := c.task.Pause(bounded(t)); err != nil {
				t.Fatal(err)
			}
			return c
		}},
		{"of a container that is not started", func(t *testing.T, id string, together oci.SpecOpts) *container {
			c, err := create(t, id, sh("exit 0"), together)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			published := subscribe(t)
			pod := []string{newID(t), newID(t)}
			together := oci.WithAnnotations(map[string]string{groupAnnotation: pod[0]})
			var all []*container
			for _, id := range pod {
				all = append(all, row.make(t, id, together))
			}
			kill(t, shimOf(t, all[0].task.Pid()))
			for i, c := range all {
				eventually(t, "its deletion is published", func() bool { return slices.Contains(published.of(pod[i]), "delete") })
				if events := published.of(pod[i]); !slices.Contains(events, "exit 137 of init") {
					t.Errorf("published %v", events)
				}
				if isAlive(int(c.task.Pid())) {
					t.Error("its init lives")
				}
			}
		})
	}
}

func startSleep(t *testing.T, c *container) {
	t.Helper()
	p, err := c.addExec(t, toStreams(nil, nil, nil), []string{"/bin/sleep", "1000"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// isAlive reports whether the process exists and is no zombie.
func isAlive(pid int) bool { return exists(strconv.Itoa(pid)) }

// What a shim leaves that is killed during a create is removed with the task, or, if
// containerd had not connected to the shim yet, by the next start.
func TestShimKilledInCreate(t *testing.T) {
	t.Parallel()
	for after := range 12 {
		id := newID(t)
		c := newContainer(t, id, sh("exit 0"))
		created := make(chan struct{})
		go func() {
			pid := shimThatServes(id, created)
			time.Sleep(time.Duration(after*3) * time.Millisecond)
			if pid != 0 {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}()
		_, _ = c.NewTask(bounded(t), toStreams(nil, nil, nil)) // the kill makes it fail at any step
		close(created)
	}
	execute(t, sh("exit 0"))
}

// shimThatServes waits for the shim of a container, and returns its pid.
func shimThatServes(id string, over <-chan struct{}) int {
	return shimThat(over, id, func(args []string) bool { return slices.Contains(args, node.Address()) })
}

// shimThat looks for a shim of the id whose arguments pass is, until it finds one or
// over is closed.
func shimThat(over <-chan struct{}, id string, is func(args []string) bool) int {
	for {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // no bad pattern
		for _, path := range lines {
			text, _ := os.ReadFile(path) // it may have exited
			args := strings.Split(string(text), "\x00")
			// A process with "start" in its arguments is not the shim, but starts it.
			if i := slices.Index(args, "-id"); i > 0 && args[i+1] == id && is(args) && !slices.Contains(args, "start") && !slices.Contains(args, "delete") {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
				return pid
			}
		}
		select {
		case <-over:
			return 0
		default:
		}
	}
}
