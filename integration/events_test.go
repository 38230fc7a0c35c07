package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// `ctr events` shows the events of a container's life in order.
func TestEvents(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	id := newID(t)
	c := hold(t, id, nil)
	if got := c.exec(t, calls("exit:3")); got.code != 3 {
		t.Errorf("exec: %+v", got)
	}
	if err := c.task.Pause(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if err := c.task.Resume(bounded(t)); err != nil {
		t.Fatal(err)
	}
	c.kill(t)
	want := []string{"create", "start", "exec-added", "exec-started", "exit 3", "paused", "resumed", "exit 137 of init", "delete"}
	var got []string
	if !testbed.HoldsWithin(10*time.Second, func() bool {
		got = taskEvents(shown, id)
		return slices.Equal(got, want)
	}) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Init's exit is the last event, even if an exec survives init.
func TestInitsExitIsLast(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	for range 5 {
		id := newID(t)
		c := hold(t, id, nil, oci.WithHostNamespace(specs.PIDNamespace))
		for range 3 {
			p, err := c.addExec(t, toStreams(nil, nil, nil), []string{"/bin/sleep", "1000"})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(bounded(t)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		await(t, "init", c.exits)
		eventually(t, "init's exit is published", func() bool { return slices.Contains(taskEvents(shown, id), "exit 137 of init") })
		published := taskEvents(shown, id)
		if last := published[len(published)-1]; last != "exit 137 of init" || strings.Count(strings.Join(published, " "), "exit 137") != 4 {
			t.Errorf("published: %v", published)
		}
	}
}

// watchEvents starts `ctr events` and returns its output.
func watchEvents(t *testing.T) *output {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	shown := &output{}
	cmd := node.Command(t.Context(), "events")
	cmd.Stdout = shown
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	// `ctr events` does not say when it has subscribed.
	eventually(t, "ctr shows events", func() bool {
		mustCtr(t, "images", "label", imageName, fmt.Sprintf("test=%d", ids.Add(1)))
		return shown.String() != ""
	})
	return shown
}

// taskEvents returns a container's task events, in order, in a word or two each.
func taskEvents(shown *output, id string) []string {
	var names []string
	for line := range strings.Lines(shown.String()) {
		_, event, found := strings.Cut(line, " /tasks/")
		name, body, _ := strings.Cut(event, " ")
		var fields struct {
			ContainerID string `json:"container_id"`
			ID          string `json:"id"`
			ExitStatus  uint32 `json:"exit_status"`
		}
		if !found || json.Unmarshal([]byte(body), &fields) != nil || fields.ContainerID != id {
			continue
		}
		if name == "exit" {
			name = fmt.Sprintf("exit %d", fields.ExitStatus)
			if fields.ID == id {
				name += " of init"
			}
		}
		names = append(names, name)
	}
	return names
}

// mustShow waits until `ctr events` has shown these events of a container, in this order
// and no others.
func mustShow(t *testing.T, shown *output, id string, want ...string) {
	t.Helper()
	if !testbed.HoldsWithin(patience, func() bool { return slices.Equal(taskEvents(shown, id), want) }) {
		t.Errorf("events of %s:\ngot  %v\nwant %v", id, taskEvents(shown, id), want)
	}
}
