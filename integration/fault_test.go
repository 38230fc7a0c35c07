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

// When a shim is killed, containerd tells its containers' exits, no process of
// them survives, and after delete nothing is left: see newID.
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
				if story := published.of(pod[i]); !slices.Contains(story, "exit 137 of init") {
					t.Errorf("published %v", story)
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

// isAlive reports whether there is such a process, and no zombie.
func isAlive(pid int) bool { return exists(strconv.Itoa(pid)) }

// A shim that is killed while it creates a container leaves nothing that is not
// removed with the task, or, if containerd had not connected to it, by the next start.
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
		_, _ = c.NewTask(bounded(t), toStreams(nil, nil, nil)) // as far as it comes
		close(created)
	}
	execute(t, sh("exit 0"))
}

// shimThatServes waits for a container's shim.
func shimThatServes(id string, over <-chan struct{}) int {
	return shimThat(over, id, func(args []string) bool { return slices.Contains(args, node.Address()) })
}

// shimThat looks for a container's shim until one is found, or it is over.
func shimThat(over <-chan struct{}, id string, is func(args []string) bool) int {
	for {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline") // no bad pattern
		for _, path := range lines {
			text, _ := os.ReadFile(path) // it may have ended
			args := strings.Split(string(text), "\x00")
			// With "start" in its arguments it is the one that starts the shim.
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
