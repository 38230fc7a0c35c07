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

// When containerd is killed, containers and their streams go on. The next one
// hears of what happened meanwhile, and of what happens from then on.
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

	// What the first containerd has not heard, the second would receive.
	for _, id := range []string{"lives", "ends"} {
		eventually(t, "the start of "+id+" is published", func() bool { return slices.Contains(before.of(id), "start") })
	}
	n.Kill()
	lives.say(t, "two")
	ends.say(t, "last words")
	eventually(t, "a process ends", func() bool { return !isAlive(int(ends.task.Pid())) })
	time.Sleep(3 * time.Second) // the shim's first attempts to report it fail meanwhile
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
	if story := published.of("ends"); !slices.Equal(story, []string{"exit 5 of init", "delete"}) {
		t.Errorf("published of the one that ended meanwhile: %v", story) // the delete is containerd's, at its start
	}
}

// ownNode starts a node for a test that does to containerd what others would not
// survive. When it is stopped, nothing may be left.
func ownNode(t *testing.T) (*testbed.Node, *containerd.Client) {
	t.Helper()
	n, err := testbed.Start(t.Context(), testbed.Options{Bin: testbed.BinDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	programs, err := buildPrograms()
	if err == nil {
		err = n.Import(t.Context(), imageName, testbed.Rootfs{Files: programs})
	}
	if err != nil {
		t.Fatal(err)
	}
	client, err := n.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return n, client
}

// conversation is a container of another node that answers with what it is told.
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

// again asks a new containerd for the task.
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
