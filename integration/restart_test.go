package integration

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// Containers and their streams go on when containerd is killed. The next containerd
// receives the events of the time between, and all later ones.
func TestKilledContainerd(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	n, client := ownNode(t)
	before := subscribeTo(t, client)
	lives := talk(t, n, client, "lives", []string{"/bin/cat"})
	ends := talk(t, n, client, "ends", sh("read words; echo $words; exit 5"))
	lives.say(t, "one")
	shim := shimOf(t, lives.task.Pid())

	// The second containerd receives the events that the first has not.
	for _, id := range []string{"lives", "ends"} {
		eventually(t, "the start of "+id+" is published", func() bool { return slices.Contains(before.of(id), "start") })
	}
	n.Kill()
	lives.say(t, "two")
	ends.say(t, "last words")
	eventually(t, "a process ends", func() bool { return !isAlive(int(ends.task.Pid())) })
	time.Sleep(3 * time.Second) // the shim's first attempts to publish it fail
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	published := subscribeTo(t, client)
	eventually(t, "the exit meanwhile is published", func() bool { return slices.Contains(published.of("ends"), "exit 5 of init") })
	lives.say(t, "three")
	if now := shimOf(t, lives.task.Pid()); now != shim {
		t.Errorf("shim %d was %d", now, shim)
	}
	exits := lives.wait(t)
	if err := lives.again(t).Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the other", exits).ExitCode(); got != 137 {
		t.Errorf("exit code %d", got)
	}
	eventually(t, "its exit is published", func() bool { return slices.Contains(published.of("lives"), "exit 137 of init") })
	if _, err := lives.again(t).Delete(bounded(t)); err != nil {
		t.Errorf("delete: %v", err)
	}
	if n.KeepsStoppedTasks() { // otherwise containerd itself deletes it at its start
		if exit, err := ends.again(t).Delete(bounded(t)); err != nil || exit.ExitCode() != 5 {
			t.Errorf("delete of the one that ended meanwhile: %v, %v", exit, err)
		}
	}
	wanted := []string{"exit 5 of init", "delete"}
	if !testbed.HoldsWithin(patience, func() bool { return slices.Equal(published.of("ends"), wanted) }) {
		t.Errorf("published of the one that ended meanwhile: %v", published.of("ends"))
	}
}

// ownNode starts a node for a test that stops or kills containerd, and connects to it. The
// test fails if anything is left when the node stops.
func ownNode(t *testing.T) (*testbed.Node, *containerd.Client) {
	t.Helper()
	n := startSeparateNode(t, testbed.BinDir())
	client, err := n.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return n.Node, client
}

// conversation is a container of another node that answers each line of its input.
type conversation struct {
	containerd.Container
	task containerd.Task
	in   io.Writer
	out  *output
}

func talk(t *testing.T, n *testbed.Node, client *containerd.Client, id string, args []string) *conversation {
	t.Helper()
	c := ownContainer(t, n, client, id, args)
	r, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	out := &output{}
	task, err := c.NewTask(bounded(t), cio.NewCreator(cio.WithStreams(r, out, nil), cio.WithFIFODir(n.FIFODir())))
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	return &conversation{c, task, w, out}
}

func (c *conversation) say(t *testing.T, words string) {
	t.Helper()
	if _, err := io.WriteString(c.in, words+"\n"); err != nil {
		t.Fatal(err)
	}
	c.out.await(t, words+"\n")
}

// again gets the task from a new containerd.
func (c *conversation) again(t *testing.T) containerd.Task {
	t.Helper()
	task, err := c.Task(bounded(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (c *conversation) wait(t *testing.T) <-chan containerd.ExitStatus {
	t.Helper()
	exits, err := c.again(t).Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return exits
}
