package integration

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// passwdFIFO makes /etc/passwd a FIFO. libcontainer's init reads /etc/passwd in the
// container to find HOME, unless HOME is set, and so waits for a writer.
func passwdFIFO(t *testing.T) oci.SpecOpts {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passwd")
	if err := unix.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	return oci.WithMounts([]specs.Mount{{Destination: "/etc/passwd", Type: "bind", Source: path, Options: []string{"bind"}}})
}

func withoutHome(p *specs.Process) { p.Env = []string{"PATH=/bin"} }

// soon returns the context of a client that waits for one second.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// A create that hangs ends when its client's context ends, and nothing of it is left:
// see newID.
func TestHangingCreateEndsWithItsClient(t *testing.T) {
	t.Parallel()
	hook := func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{Path: "/bin/sleep", Args: []string{"sleep", "1001"}}}}
		return nil
	}
	for fact, opt := range map[string]oci.SpecOpts{"at a FIFO": passwdFIFO(t), "at a hook": hook} {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			c := newContainer(t, id, sh("exit 0"), opt)
			began := time.Now()
			if _, err := c.NewTask(soon(t), toStreams(nil, nil, nil)); err == nil {
				t.Fatal("the create does not hang")
			}
			eventually(t, "nothing of the task is left", func() bool { return len(node.Leftovers(id)) == 0 })
			if took := time.Since(began); took > time.Second+refusalTime {
				t.Errorf("took %v", took)
			}
		})
	}
}

// An exec that hangs ends when its client's context ends, or by SIGKILL, and the
// container goes on.
func TestHangingExecEnds(t *testing.T) {
	t.Parallel()
	atHome := oci.WithEnv([]string{"HOME=/"})
	// The script stops each process that enters, as soon as it sees it.
	stops := `echo ready; while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = 1 ] || kill -STOP $p 2>/dev/null; done; done`
	for _, row := range []struct {
		fact string
		args []string
		opts []oci.SpecOpts
	}{
		{"at a FIFO", sh("echo ready; while :; do sleep 1; done"), []oci.SpecOpts{atHome, passwdFIFO(t)}},
		{"stopped by the container's init", sh(stops), []oci.SpecOpts{atHome, passwdFIFO(t)}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := launch(t, newID(t), row.args, row.opts...)
			c.stdout.await(t, "ready")
			p, err := c.addExec(t, toStreams(nil, nil, nil), sh("exit 0"), withoutHome)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := p.Start(soon(t)); err == nil {
				t.Error("the exec does not hang")
			}
			if _, err := p.Delete(bounded(t)); err != nil {
				t.Errorf("delete the exec whose client has gone: %v", err)
			}
			if took := time.Since(began); took > time.Second+refusalTime {
				t.Errorf("took %v", took)
			}

			p, err = c.addExec(t, toStreams(nil, nil, nil), sh("exit 0"), withoutHome)
			if err != nil {
				t.Fatal(err)
			}
			started := make(chan error, 1)
			ctx := bounded(t)
			go func() { started <- p.Start(ctx) }()
			eventually(t, "it can be killed", func() bool { return p.Kill(ctx, unix.SIGKILL) == nil })
			select {
			case err := <-started:
				if err == nil || !strings.Contains(err.Error(), "killed") {
					t.Errorf("the start of the killed exec: %v", err)
				}
			case <-time.After(patience):
				t.Fatal("the start of the killed exec does not return")
			}
			if _, err := p.Delete(ctx); err != nil {
				t.Errorf("delete the killed exec: %v", err)
			}
			if got := c.kill(t); got.code != 137 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Execs that hung leave no threads in the shim.
func TestHangingExecsLeaveNoThreads(t *testing.T) {
	t.Parallel()
	c := launch(t, newID(t), calls("hold"), oci.WithEnv([]string{"HOME=/"}), passwdFIFO(t))
	c.stdout.await(t, "hold -> waiting")
	shim := uint32(shimOf(t, c.task.Pid()))
	before := threads(t, shim)
	for range 20 {
		p, err := c.addExec(t, toStreams(nil, nil, nil), sh("exit 0"), withoutHome)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if err := p.Start(ctx); err == nil {
			t.Error("the exec does not hang")
		}
		cancel()
		if _, err := p.Delete(bounded(t)); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if after := threads(t, shim); after > before+8 {
		t.Errorf("the shim has %d threads, before %d", after, before)
	}
}

func threads(t *testing.T, pid uint32) int {
	t.Helper()
	n, err := strconv.Atoi(statusField(t, pid, "Threads"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
