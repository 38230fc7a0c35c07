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

// glutton is a program that wants more memory than there is: tail keeps what has
// no line's end.
var glutton = []string{"/bin/busybox", "tail", "/dev/zero"}

// An init that dies of its memory limit at once. A client that receives the exit,
// such as the kubelet, must know the cause by then (containerd#8180, #12714).
func TestOOMIsToldBeforeExit(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	for i := range 20 {
		id := newID(t)
		c := launch(t, id, glutton, oci.WithMemoryLimit(memoryLimit))
		if got := c.end(t); got.code != 137 {
			t.Fatalf("run %d: %+v; want a death by SIGKILL", i, got)
		}
		want := []string{"create", "start", "oom", "exit 137 of init", "delete"}
		early := []string{"create", "oom", "start", "exit 137 of init", "delete"} // the kill came before Start's end
		var got []string
		if !testbed.HoldsWithin(10*time.Second, func() bool {
			got = story(shown, id)
			return slices.Equal(got, want) || slices.Equal(got, early)
		}) {
			t.Fatalf("run %d:\ngot  %v\nwant %v", i, got, want)
		}
	}
}

// The kill of each of a container's processes is published before its exit.
func TestSecondOOM(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	id := newID(t)
	c := hold(t, id, nil, oci.WithMemoryLimit(memoryLimit))
	want := []string{"create", "start"}
	for range 3 {
		if got := c.exec(t, glutton); got.code != 137 {
			t.Fatalf("exec: %+v; want a death by SIGKILL", got)
		}
		want = append(want, "exec-added", "exec-started", "oom", "exit 137")
	}
	awaitStory(t, shown, id, want)
	if got := c.exec(t, calls("exit:3")); got.code != 3 {
		t.Errorf("exec after that: %+v", got)
	}
	c.kill(t)
	awaitStory(t, shown, id, append(want, "exec-added", "exec-started", "exit 3", "exit 137 of init", "delete"))
}

// The kill of a process that nobody waits for is published too, while the container
// lives on.
func TestOOMOfAChild(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	id := newID(t)
	// Two kills at once may be published as one, so they are not.
	c := launch(t, id, sh("busybox tail /dev/zero; echo one; sleep 1; busybox tail /dev/zero; echo two; sleep 1000"), oci.WithMemoryLimit(memoryLimit))
	c.stdout.await(t, "two")
	want := []string{"create", "start", "oom", "oom"}
	awaitStory(t, shown, id, want)
	c.kill(t)
	awaitStory(t, shown, id, append(want, "exit 137 of init", "delete"))
}

// awaitStory fails the test if a container's events do not come to be these.
func awaitStory(t *testing.T, shown *output, id string, want []string) {
	t.Helper()
	var got []string
	if !testbed.HoldsWithin(10*time.Second, func() bool {
		got = story(shown, id)
		return slices.Equal(got, want)
	}) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}
