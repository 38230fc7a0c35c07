package integration

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
)

// The annotations that name the group of a container. containerd's CRI plugin sets the
// first to the pod's sandbox; clients that group by hand set the second.
const (
	sandboxAnnotation = "io.kubernetes.cri.sandbox-id"
	groupAnnotation   = "io.containerd.runc.v2.group"
)

// The containers of a group have one shim. It serves the others when one is deleted,
// and exits with the last.
func TestGroupSharesShim(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact  string
		key   string
		named bool // the group has a name that is no container's
		first int  // the index of the container that is deleted first
	}{
		{"a pod whose sandbox goes last", sandboxAnnotation, false, 1},
		{"a pod whose sandbox goes first", sandboxAnnotation, false, 0},
		{"a group with a name of its own", groupAnnotation, true, 1},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			sandbox := newID(t)
			group := sandbox
			if row.named {
				group = "group-" + sandbox
			}
			together := oci.WithAnnotations(map[string]string{row.key: group})
			pod := []*container{hold(t, sandbox, nil, together), hold(t, newID(t), nil, together)}
			alone := hold(t, newID(t), nil)

			shim := shimOf(t, pod[0].task.Pid())
			if other := shimOf(t, pod[1].task.Pid()); other != shim {
				t.Errorf("shims %d and %d in one group", shim, other)
			}
			if shimOf(t, alone.task.Pid()) == shim {
				t.Error("a container outside has the group's shim")
			}

			deleteRunning(t, pod[row.first])
			rest := pod[1-row.first]
			if got := rest.exec(t, calls("exit:4")).code; got != 4 {
				t.Errorf("an exec in the other container gives %d", got)
			}
			if got := shimOf(t, rest.task.Pid()); got != shim {
				t.Errorf("the other container's shim is %d, was %d", got, shim)
			}
			deleteRunning(t, rest)
			eventually(t, "the shim is gone", func() bool { return !exists(strconv.Itoa(shim)) })
			if left := node.AwaitGone(group); len(left) > 0 {
				t.Errorf("left of the group:\n  %s", strings.Join(left, "\n  "))
			}
		})
	}
}

// A container can join the pod when the pod's first container is gone.
func TestPodOutlivesItsFirstContainer(t *testing.T) {
	t.Parallel()
	first, second, third := newID(t), newID(t), newID(t)
	inPod := oci.WithAnnotations(map[string]string{sandboxAnnotation: first})
	gone, there := hold(t, first, nil, inPod), hold(t, second, nil, inPod)
	deleteRunning(t, gone)
	late := hold(t, third, nil, inPod)
	if a, b := shimOf(t, there.task.Pid()), shimOf(t, late.task.Pid()); a != b {
		t.Errorf("shims %d and %d in one pod", a, b)
	}
	if got := late.exec(t, sh("exit 5")).code; got != 5 {
		t.Errorf("an exec gives %d", got)
	}
}

// deleteRunning deletes a running container with its bundle.
func deleteRunning(t *testing.T, c *container) {
	t.Helper()
	c.kill(t)
	if err := c.Delete(bounded(t), containerd.WithSnapshotCleanup); err != nil {
		t.Fatal(err)
	}
	bundles, err := filepath.Glob(filepath.Join(node.Dir(), "state/*/*", c.ID()))
	if err != nil {
		t.Fatal(err)
	}
	for _, bundle := range bundles {
		if _, err := os.Stat(bundle); err == nil {
			t.Errorf("bundle %s is still there", bundle)
		}
	}
}
