package integration

import (
	"testing"

	"github.com/containerd/containerd/v2/pkg/cio"
)

// An id is free when its task is deleted. The next container with that id gets a new
// shim, and nothing of the last one disturbs it.
func TestIDIsFreeAfterDelete(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := newContainer(t, id, calls("exit:7"))
	shims := map[int]bool{}
	for range 10 {
		task, err := c.NewTask(bounded(t), cio.NullIO)
		if err != nil {
			t.Fatal(err)
		}
		shim := shimOf(t, task.Pid())
		if shims[shim] {
			t.Errorf("shim %d again", shim)
		}
		shims[shim] = true
		exits, err := task.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := task.Start(bounded(t)); err != nil {
			t.Fatal(err)
		}
		if got := await(t, "init", exits).ExitCode(); got != 7 {
			t.Errorf("exit code %d", got)
		}
		if _, err := task.Delete(bounded(t)); err != nil {
			t.Fatal(err)
		}
	}
}
