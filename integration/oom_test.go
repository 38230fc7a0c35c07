package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"

	"seccomp-shim/integration/testbed"
)

// memoryLimit is enough for libcontainer's init.
const memoryLimit = 32 << 20

// memoryHog is a program that uses ever more memory: tail keeps a line until it ends.
var memoryHog = []string{"/bin/busybox", "tail", "/dev/zero"}

// An init that the memory limit kills at once. A client that receives the exit, such as
// the kubelet, must know the cause by then (containerd#8180, #12714).
func TestOOMIsToldBeforeExit(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	for i := range 20 {
		id := newID(t)
		c := launch(t, id, memoryHog, oci.WithMemoryLimit(memoryLimit))
		if got := c.end(t); got.code != 137 {
			t.Fatalf("run %d: %+v; want a death by SIGKILL", i, got)
		}
		want := []string{"create", "start", "oom", "exit 137 of init", "delete"}
		early := []string{"create", "oom", "start", "exit 137 of init", "delete"} // the process was killed before Start returned
		var got []string
		if !testbed.HoldsWithin(10*time.Second, func() bool {
			got = taskEvents(shown, id)
			return slices.Equal(got, want) || slices.Equal(got, early)
		}) {
			t.Fatalf("run %d:\ngot  %v\nwant %v", i, got, want)
		}
	}
}

// Each OOM kill of a container's process is published before the exit of that process.
func TestSecondOOM(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	id := newID(t)
	c := hold(t, id, nil, oci.WithMemoryLimit(memoryLimit))
	want := []string{"create", "start"}
	for range 3 {
		if got := c.exec(t, memoryHog); got.code != 137 {
			t.Fatalf("exec: %+v; want a death by SIGKILL", got)
		}
		want = append(want, "exec-added", "exec-started", "oom", "exit 137")
	}
	mustShow(t, shown, id, want...)
	if got := c.exec(t, calls("exit:3")); got.code != 3 {
		t.Errorf("exec after that: %+v", got)
	}
	c.kill(t)
	mustShow(t, shown, id, append(want, "exec-added", "exec-started", "exit 3", "exit 137 of init", "delete")...)
}

// An OOM kill of a child is published too, while the container runs on.
func TestOOMOfAChild(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	id := newID(t)
	// Two kills at the same time may be published as one, so there is a pause between
	// them.
	c := launch(t, id, sh("busybox tail /dev/zero; echo one; sleep 1; busybox tail /dev/zero; echo two; sleep 1000"), oci.WithMemoryLimit(memoryLimit))
	c.stdout.await(t, "two")
	want := []string{"create", "start", "oom", "oom"}
	mustShow(t, shown, id, want...)
	c.kill(t)
	mustShow(t, shown, id, append(want, "exit 137 of init", "delete")...)
}
