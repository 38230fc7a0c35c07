package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// patience bounds what should take no time at all. On a busy machine it may.
var patience = testbed.Patient(20 * time.Second)

var ids atomic.Int64

// newID returns an id for a container of the test. When the test ends the
// container is removed, if there is one, and nothing may be left of it.
func newID(t *testing.T) string {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	id := fmt.Sprintf("c%d", ids.Add(1))
	t.Cleanup(func() {
		if err := remove(id); err != nil {
			t.Errorf("remove container: %v", err)
		}
		if left := node.AwaitGone(id); len(left) > 0 {
			t.Errorf("left on the host:\n  %s", strings.Join(left, "\n  "))
		}
		if text := nodeLog.of(id); t.Failed() && text != "" {
			t.Logf("containerd's log of %s:\n%s", id, text)
		}
	})
	return id
}

// remove deletes a container as it is: running, stopped, or gone.
func remove(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := client.LoadContainer(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// containerd takes a moment to see that a test has killed the shim, and until
	// then answers "ttrpc: closed".
	testbed.HoldsWithin(patience/4, func() bool {
		err = removeTask(ctx, c)
		return err == nil || !strings.Contains(err.Error(), "closed")
	})
	if err != nil {
		return err
	}
	if err := c.Delete(ctx, containerd.WithSnapshotCleanup); !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

func removeTask(ctx context.Context, c containerd.Container) error {
	task, err := c.Task(ctx, nil)
	if err == nil {
		_, err = task.Delete(ctx, containerd.WithProcessKill)
	}
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// bounded is the test's context with patience as its deadline.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// container is a container with its task, or one of its exec'd processes.
type container struct {
	containerd.Container
	task           containerd.Task
	exits          <-chan containerd.ExitStatus
	stdout, stderr *output
}

// result is how a process ended.
type result struct {
	code           uint32
	stdout, stderr string
}

// newContainer makes a container of the test image without a task, with the
// package's profile root.
func newContainer(t *testing.T, id string, args []string, opts ...oci.SpecOpts) containerd.Container {
	t.Helper()
	return newContainerWith(t, id, &runtimeoptions.Options{ConfigPath: options}, args, opts...)
}

func newContainerWith(t *testing.T, id string, handler *runtimeoptions.Options, args []string, opts ...oci.SpecOpts) containerd.Container {
	t.Helper()
	all := []oci.SpecOpts{oci.WithImageConfig(image), oci.WithProcessArgs(args...), oci.WithDefaultPathEnv}
	c, err := client.NewContainer(bounded(t), id,
		containerd.WithSnapshotter(node.Snapshotter()),
		containerd.WithNewSnapshot(id, image),
		containerd.WithNewSpec(append(all, opts...)...),
		containerd.WithRuntime(runtimeName, handler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create makes a container and its task, which is the call that shims can refuse.
func create(t *testing.T, id string, args []string, opts ...oci.SpecOpts) (*container, error) {
	t.Helper()
	c := &container{Container: newContainer(t, id, args, opts...), stdout: &output{}, stderr: &output{}}
	var err error
	c.task, err = c.NewTask(bounded(t), toStreams(nil, c.stdout, c.stderr))
	if err != nil {
		return nil, err
	}
	c.exits, err = c.task.Wait(context.WithoutCancel(t.Context()))
	return c, err
}

// toStreams connects a process, with FIFOs in the node's folder.
func toStreams(in io.Reader, out, err io.Writer) cio.Creator {
	return cio.NewCreator(cio.WithStreams(in, out, err), cio.WithFIFODir(node.FIFODir()))
}

// launch creates a container and starts it.
func launch(t *testing.T, id string, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	c, err := create(t, id, args, opts...)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if err := c.task.Start(bounded(t)); err != nil {
		t.Fatalf("start: %v", err)
	}
	return c
}

// execute runs a container to its end.
func execute(t *testing.T, args []string, opts ...oci.SpecOpts) result {
	t.Helper()
	return launch(t, newID(t), args, opts...).end(t)
}

// hold launches the calls program with these steps and returns when it has
// done them and waits.
func hold(t *testing.T, id string, steps []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	c := launch(t, id, calls(append(steps, "hold")...), opts...)
	c.stdout.await(t, "hold -> waiting")
	return c
}

// end waits for the init's end and for all of its output.
func (c *container) end(t *testing.T) result {
	t.Helper()
	status := await(t, "init", c.exits)
	if _, err := c.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete task: %v", err)
	}
	return result{status.ExitCode(), c.stdout.String(), c.stderr.String()}
}

// kill ends the init and returns its result.
func (c *container) kill(t *testing.T) result {
	t.Helper()
	if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Errorf("kill: %v", err)
	}
	return c.end(t)
}

// exec runs another process in the container to its end.
func (c *container) exec(t *testing.T, args []string, opts ...func(*specs.Process)) result {
	t.Helper()
	var out, errOut output
	p, err := c.addExec(t, toStreams(nil, &out, &errOut), args, opts...)
	if err != nil {
		t.Fatalf("exec: %v", err)
	}
	exits, err := p.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("wait for exec: %v", err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatalf("start exec: %v", err)
	}
	status := await(t, "the process", exits)
	if _, err := p.Delete(bounded(t)); err != nil {
		t.Errorf("delete exec: %v", err)
	}
	return result{status.ExitCode(), out.String(), errOut.String()}
}

// startExec starts another process in the container, which goes on.
func (c *container) startExec(t *testing.T, out io.Writer, args []string) (containerd.Process, <-chan containerd.ExitStatus) {
	t.Helper()
	p, err := c.addExec(t, toStreams(nil, out, nil), args)
	if err != nil {
		t.Fatal(err)
	}
	exits, err := p.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	return p, exits
}

// addExec adds a process of the init's kind to the container, which is not
// started yet.
func (c *container) addExec(t *testing.T, io cio.Creator, args []string, opts ...func(*specs.Process)) (containerd.Process, error) {
	t.Helper()
	spec, err := c.Spec(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	process := spec.Process
	process.Args = args
	for _, opt := range opts {
		opt(process)
	}
	return c.task.Exec(bounded(t), fmt.Sprintf("e%d", ids.Add(1)), process, io)
}

func await(t *testing.T, who string, exits <-chan containerd.ExitStatus) containerd.ExitStatus {
	t.Helper()
	select {
	case status := <-exits:
		if err := status.Error(); err != nil {
			t.Fatalf("wait for %s: %v", who, err)
		}
		return status
	case <-time.After(patience):
		t.Fatalf("no exit of %s is reported", who)
		panic("unreachable")
	}
}

// output is what a process has written so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// await returns when the output contains text.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the output contains %q", text), func() bool { return strings.Contains(o.String(), text) })
}

// eventually polls until the fact holds.
func eventually(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	if !testbed.HoldsWithin(patience, holds) {
		t.Fatalf("not so after %v: %s", patience, fact)
	}
}

// containerdLog keeps containerd's log, which has the shims' in it.
type containerdLog struct{ output }

// of returns the warnings and errors that are about a container.
func (l *containerdLog) of(id string) string {
	var about strings.Builder
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=info") {
			continue
		}
		if strings.Contains(line, "="+id+" ") || strings.Contains(line, "="+id+"\n") || strings.Contains(line, `\"`+id+`\"`) {
			about.WriteString(line)
		}
	}
	return about.String()
}

// all returns the lines of all levels that name a container.
func (l *containerdLog) all(id string) string {
	var about strings.Builder
	for line := range strings.Lines(l.String()) {
		if slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(` =/"\\\n`, r) }), id) {
			about.WriteString(line)
		}
	}
	return about.String()
}

// refusalTime is how long a refusal may take on a busy machine. On an idle one
// it takes a small part of a second.
var refusalTime = testbed.Patient(5 * time.Second)
