package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	runc "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/pkg/oci"
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
