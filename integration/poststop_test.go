package integration

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// withPoststop adds hooks that run as shell scripts on the host.
func withPoststop(timeout *int, scripts ...string) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Hooks = &specs.Hooks{}
		for _, script := range scripts {
			s.Hooks.Poststop = append(s.Hooks.Poststop, specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Timeout: timeout})
		}
		return nil
	}
}

// A poststop hook that fails, or hangs past its timeout, does not keep a task
// from being deleted; it ran once, the hooks behind it too, and it is logged.
func TestPoststopHookFails(t *testing.T) {
	t.Parallel()
	one := 1
	for _, row := range []struct {
		fact, script, says string
		timeout            *int
	}{
		{"it fails", "echo no reason >&2; exit 3", "exit status 3: no reason", nil},
		{"it hangs", "sleep 1000", "it ran past its timeout of 1s", &one},
		{"it leaves a process that hangs", "sleep 17 & exit 3", "exit status 3", nil},
		{"it hangs in a child", "sleep 18; true", "it ran past its timeout of 1s", &one},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			ran := filepath.Join(t.TempDir(), "ran")
			note := "cat >> " + ran + "; echo >> " + ran + "; "
			id := newID(t)
			c := launch(t, id, sh("exit 0"), withPoststop(row.timeout, note+row.script, note+"true"))
			await(t, "init", c.exits)
			began := time.Now()
			if _, err := c.task.Delete(bounded(t)); err != nil {
				t.Errorf("delete: %v", err)
			}
			if took := time.Since(began); took > refusalTime {
				t.Errorf("the deletion took %v", took)
			}
			text, _ := os.ReadFile(ran)
			if runs := lines(string(text)); len(runs) != 2 || !strings.Contains(runs[0], `"status":"stopped"`) || !strings.Contains(runs[1], `"id":"`+id+`"`) {
				t.Errorf("the hooks ran as %q", runs)
			}
			eventually(t, "the failure is logged", func() bool { return strings.Contains(nodeLog.of(id), row.says) })
		})
	}
}

// The same holds for the clean-up after a shim that was killed.
func TestPoststopHookFailsInCleanUp(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	published := subscribe(t)
	id := newID(t)
	c := hold(t, id, nil, withPoststop(nil, "echo once >> "+ran+"; exit 3"))
	kill(t, shimOf(t, c.task.Pid()))
	eventually(t, "its deletion is published", func() bool { return slices.Contains(published.of(id), "delete") })
	if text, _ := os.ReadFile(ran); string(text) != "once\n" {
		t.Errorf("the hook ran as %q", text)
	}
}

// A hook that leaves a process behind, which keeps its output open, does not hold
// a create.
func TestHookLeavesProcess(t *testing.T) {
	t.Parallel()
	began := time.Now()
	got := execute(t, sh("exit 4"), func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{Path: "/bin/sh", Args: []string{"sh", "-c", "sleep 19 &"}}}}
		return nil
	})
	if got.code != 4 {
		t.Errorf("got %+v", got)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
}
