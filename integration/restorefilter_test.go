package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	runc "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// A checkpoint has the filters of its processes and no others. A restore under a
// profile that the checkpoint does not have is refused.
func TestRestoreWithoutTheFilterIsRefused(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	checkpoints := map[string]containerd.Image{}
	for name, opts := range map[string][]oci.SpecOpts{
		"no filter":      nil,
		"another filter": {under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kcmp"],"action":"SCMP_ACT_ERRNO"}]}`))},
	} {
		c := launch(t, newID(t), counting, append(opts, hostNetwork)...)
		c.stdout.await(t, "3\n")
		checkpoints[name] = c.checkpoint(t, &runc.CheckpointOptions{})
		c.kill(t)
	}
	for name, checkpoint := range checkpoints {
		t.Run(name, func(t *testing.T) {
			c := &container{Container: newContainer(t, newID(t), counting, under(profile(t, actionRules)), hostNetwork)}
			c = c.restored(t, checkpoint)
			err := c.task.Start(bounded(t))
			if !errdefs.IsFailedPrecondition(err) || !strings.Contains(err.Error(), "not under the container's seccomp filter") {
				t.Errorf("start: %v", err)
			}
			if text := c.stdout.String(); text != "" {
				t.Errorf("it has run: %s", text)
			}
		})
	}
}

// Each thread of each process is restored under the filter.
func TestRestoreOfManyThreads(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	for fact, row := range map[string]struct {
		args    []string
		said    string
		threads int
		want    string
	}{
		"threads": {calls("thread:"+call("pause"), "hold"), "", 2, "S (sleeping)"},
		"processes, one of them a zombie": {
			sh(`sleep 1000 & sh -c 'sleep 0 & exec sleep 1000' & sleep 0.2; echo made; wait`), "made\n", 3, "Z (zombie)",
		},
	} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			c := launch(t, newID(t), row.args, under(profile(t, actionRules)), hostNetwork)
			c.stdout.await(t, row.said)
			eventually(t, "its threads are there", func() bool { return len(livingThreads(t, c)) == row.threads })
			checkpoint := c.checkpoint(t, &runc.CheckpointOptions{Exit: true})
			c.end(t)
			c = c.restored(t, checkpoint)
			if err := c.task.Start(bounded(t)); err != nil {
				t.Fatalf("start: %v", err)
			}
			threads := livingThreads(t, c)
			if len(threads) != row.threads {
				t.Errorf("threads %v live, want %d", threads, row.threads)
			}
			want := compiledByTool(t, c)
			for _, thread := range threads {
				if !installed(t, uint32(thread)).Equal(want) {
					t.Errorf("thread %d runs under another program", thread)
				}
			}
			states := c.exec(t, []string{"/bin/sh", "-c", `cat /proc/[0-9]*/status | grep State`}).stdout
			if !strings.Contains(states, row.want) {
				t.Errorf("no process is in state %s:\n%s", row.want, states)
			}
			c.kill(t)
		})
	}
}

// livingThreads returns the threads of a container's processes as the host numbers
// them.
func livingThreads(t *testing.T, c *container) []int {
	t.Helper()
	pids, err := c.task.Pids(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, p := range pids {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", p.Pid))
		for _, thread := range threads {
			stat, err := os.ReadFile(filepath.Join(thread, "stat"))
			if err != nil || strings.Contains(string(stat), ") Z ") {
				continue
			}
			id, err := strconv.Atoi(filepath.Base(thread))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, id)
		}
	}
	return all
}

// removeFilters removes the filters of all threads of a checkpoint but the first. It runs as a
// hook: the shim has read the images by then, and CRIU has not. It sets seccomp_mode of
// thread_core_entry, field 11, to 0.
const removeFilters = `
for list in /proc/$PPID/task/*/children; do
	for pid in $(cat $list); do
		[ "$(cat /proc/$pid/comm)" = criu ] || continue
		for fd in /proc/$pid/fd/*; do
			case $(readlink $fd) in *ctrd-checkpoint*) images=$(readlink $fd) ;; esac
		done
	done
done
for core in $images/core-*.img; do
	case $core in */core-1.img) ;; *) LC_ALL=C sed -i 's/\x58\x02\x60/\x58\x00\x60/' $core; echo $core >>DONE ;; esac
done`

// The shim asks the kernel for the filters of the restored threads, before one of them
// runs. What the images say does not count.
func TestRestoredWithoutFilterNeverRuns(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	id, dir := newID(t), t.TempDir()
	done, ran := filepath.Join(dir, "done"), filepath.Join(dir, "ran")
	acts := sh(`(while :; do mkdir /out/ran; done) 2>/dev/null & exec sleep 1000`)
	shared := edit(func(s *oci.Spec) {
		s.Mounts = append(s.Mounts, specs.Mount{Destination: "/out", Source: dir, Type: "bind", Options: []string{"rbind"}})
	})
	hook := edit(func(s *oci.Spec) {
		s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{
			Path: "/bin/sh", Args: []string{"sh", "-c", strings.ReplaceAll(removeFilters, "DONE", done)}, Env: []string{"PATH=/bin:/usr/bin"},
		}}}
	})
	hasRun := func() bool { _, err := os.Stat(ran); return err == nil }
	first := launch(t, newID(t), acts, under(profile(t, actionRules)), hostNetwork, shared)
	eventually(t, "it runs", hasRun)
	checkpoint := first.checkpoint(t, &runc.CheckpointOptions{})
	first.kill(t)
	if err := os.Remove(ran); err != nil {
		t.Fatal(err)
	}
	c := &container{Container: newContainer(t, id, acts, under(profile(t, actionRules)), hostNetwork, shared, hook)}
	c = c.restored(t, checkpoint)
	err := c.task.Start(bounded(t))
	if !errdefs.IsFailedPrecondition(err) || !strings.Contains(err.Error(), "restored thread") ||
		!strings.Contains(err.Error(), "not under the container's seccomp filter, but under 0 others") {
		t.Errorf("start: %v", err)
	}
	if text, err := os.ReadFile(done); err != nil || len(text) == 0 {
		t.Fatalf("the hook has changed no image: %v", err)
	}
	if hasRun() {
		t.Error("it has run")
	}
	if _, err := c.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete: %v", err)
	}
	eventually(t, "nothing of the task is left", func() bool { return len(node.Leftovers(id)) == 0 })
}
