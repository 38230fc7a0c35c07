package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	runc "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// counting prints a counter. After a restore it goes on only if its memory was
// restored.
var counting = sh(`i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done`)

// hostNetwork shares the host's network, so that CRIU need not lock it. For the lock CRIU
// needs iptables and modules of the kernel.
var hostNetwork = oci.WithHostNamespace(specs.NetworkNamespace)

// needsCRIU skips a test if there is no CRIU, or if it does not support the kernel:
// Debian 12's 3.17 does not support Linux 6.
func needsCRIU(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("criu", "check").CombinedOutput(); err != nil {
		t.Skipf("criu check: %v\n%s", err, out)
	}
}

// A restored container goes on where it was saved: with its memory, its output, and its
// filter, byte for byte.
func TestRestore(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	for _, row := range []struct {
		fact string
		opts []oci.SpecOpts
	}{
		{"under a profile", []oci.SpecOpts{under(profile(t, actionRules))}},
		{"under a profile without no_new_privs", []oci.SpecOpts{under(profile(t, actionRules)), oci.WithNewPrivileges}},
		{"without a profile", nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			shown, id := watchEvents(t), newID(t)
			c := launch(t, id, counting, append(row.opts, hostNetwork)...)
			c.stdout.await(t, "3\n")
			confined := statusField(t, c.task.Pid(), "Seccomp")
			if want := row.opts != nil; want != (confined == "2") {
				t.Fatalf("Seccomp is %s", confined)
			}
			checkpoint := c.checkpoint(t, &runc.CheckpointOptions{Exit: true})
			if got := c.end(t); got.code != 137 {
				t.Errorf("after the checkpoint: %+v", got)
			}
			before := c.stdout.String()
			c = c.restored(t, checkpoint)
			if err := c.task.Start(bounded(t)); err != nil {
				t.Fatalf("start: %v", err)
			}
			next := strings.Count(before, "\n") + 2
			eventually(t, "it counts on", func() bool { return strings.Count(c.stdout.String(), "\n") > 2 })
			if first, _, _ := strings.Cut(c.stdout.String(), "\n"); first == "0" || first == "1" {
				t.Errorf("it begins at %s; it was at %d", first, next)
			}
			if got := statusField(t, c.task.Pid(), "Seccomp"); got != confined {
				t.Errorf("Seccomp is %s, was %s", got, confined)
			}
			if confined == "2" && !installed(t, c.task.Pid()).Equal(compiledByTool(t, c)) {
				t.Error("it runs under another program")
			}
			if got := c.exec(t, []string{"/bin/true"}); got.code != 0 {
				t.Errorf("exec: %+v", got)
			}
			if got := c.kill(t); got.code != 137 {
				t.Errorf("killed: %+v", got)
			}
			life := []string{"create", "start", "exec-added", "exec-started", "exit 0", "exit 137 of init", "delete"}
			eventually(t, "the events of the second life are published", func() bool {
				published := taskEvents(shown, id)
				return len(published) > len(life) && slices.Equal(published[len(published)-len(life):], life)
			})
		})
	}
}

// A container may run on after it is saved.
func TestCheckpointOfARunningContainer(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	c := launch(t, newID(t), counting, hostNetwork)
	c.stdout.await(t, "3\n")
	c.checkpoint(t, &runc.CheckpointOptions{})
	seen := len(c.stdout.String())
	eventually(t, "it counts on", func() bool { return len(c.stdout.String()) > seen+4 })
	if got := c.kill(t); got.code != 137 {
		t.Errorf("got %+v", got)
	}
}

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

// SIGKILL ends a restore that hangs, here in a hook, and nothing is left.
func TestKillDuringRestore(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	id, reached := newID(t), filepath.Join(t.TempDir(), "reached")
	first := launch(t, newID(t), counting, hostNetwork)
	first.stdout.await(t, "3\n")
	checkpoint := first.checkpoint(t, &runc.CheckpointOptions{})
	first.kill(t)
	c := &container{Container: newContainer(t, id, counting, hostNetwork, edit(func(s *oci.Spec) {
		s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{
			Path: "/bin/sh", Args: []string{"sh", "-c", "touch " + reached + "; exec sleep 1000"}, Env: []string{"PATH=/bin:/usr/bin"},
		}}}
	}))}
	c = c.restored(t, checkpoint)
	started := make(chan error, 1)
	go func() { started <- c.task.Start(bounded(t)) }()
	eventually(t, "the hook runs", func() bool { _, err := os.Stat(reached); return err == nil })
	if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Errorf("kill: %v", err)
	}
	select {
	case err := <-started:
		if err == nil || !strings.Contains(err.Error(), "it was killed") {
			t.Errorf("start: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the start does not end")
	}
	if _, err := c.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete: %v", err)
	}
	eventually(t, "nothing of the task is left", func() bool { return len(node.Leftovers(id)) == 0 })
}

// A restored container that was never started can be deleted.
func TestRestoreThatIsNotStarted(t *testing.T) {
	needsCRIU(t)
	t.Parallel()
	c := launch(t, newID(t), counting, hostNetwork)
	c.stdout.await(t, "3\n")
	checkpoint := c.checkpoint(t, &runc.CheckpointOptions{})
	c.kill(t)
	other := &container{Container: newContainer(t, newID(t), counting, hostNetwork)}
	other = other.restored(t, checkpoint)
	if _, err := other.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func (c *container) checkpoint(t *testing.T, options *runc.CheckpointOptions) containerd.Image {
	t.Helper()
	options.WorkPath = t.TempDir()
	checkpoint, err := c.task.Checkpoint(bounded(t), func(i *containerd.CheckpointTaskInfo) error {
		i.Options = options
		return nil
	})
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(options.WorkPath, "dump.log"))
		t.Fatalf("checkpoint: %v\n%s", err, log)
	}
	t.Cleanup(func() {
		if err := client.ImageService().Delete(context.Background(), checkpoint.Name(), images.SynchronousDelete()); err != nil {
			t.Error(err)
		}
	})
	return checkpoint
}

// restored creates a task of the container from a checkpoint, without starting it.
func (c *container) restored(t *testing.T, checkpoint containerd.Image) *container {
	t.Helper()
	c = &container{Container: c.Container, stdout: &output{}, stderr: &output{}}
	var err error
	c.task, err = c.NewTask(bounded(t), toStreams(nil, c.stdout, c.stderr), containerd.WithTaskCheckpoint(checkpoint))
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	c.exits, err = c.task.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
