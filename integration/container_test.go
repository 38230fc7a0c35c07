package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
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

// patience is the limit for steps that usually take milliseconds; a busy machine is
// slower.
var patience = testbed.Patient(20 * time.Second)

var ids atomic.Int64

// newID returns an id for a container of the test. At the end of the test it removes
// the container, if there is one, and fails if anything of it is left.
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

// newIDLeaving is newID for a container that leaves something that is not the container's own.
// clean removes it after the container, whose end may add to it.
func newIDLeaving(t *testing.T, clean func(id string)) string {
	t.Helper()
	var id string
	t.Cleanup(func() {
		if id != "" {
			clean(id)
		}
	})
	id = newID(t)
	return id
}

// readJSON reads a file of the shim's.
func readJSON[T any](t *testing.T, path string) *T {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &value
}

// remove deletes a container in any state: running, stopped, or gone.
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
	// After a test has killed the shim, containerd answers "ttrpc: closed" until it has
	// noticed.
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

// bounded returns the test's context with a deadline of patience.
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

// result is the exit code and the output of a process.
type result struct {
	code           uint32
	stdout, stderr string
}

// newContainer makes a container of the test image with the package's profile root,
// without a task.
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

// withHandler makes a container with options of its handler, and no task yet.
func withHandler(t *testing.T, id string, handler *runtimeoptions.Options, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	return &container{Container: newContainerWith(t, id, handler, args, opts...), stdout: &output{}, stderr: &output{}}
}

// holdWith is hold with options of the handler.
func holdWith(t *testing.T, id string, handler *runtimeoptions.Options, steps []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	c := withHandler(t, id, handler, calls(append(steps, "hold")...), opts...)
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	return c
}

// create makes a container and its task. A shim refuses a container in this call.
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

// toStreams connects a process by FIFOs in the node's folder.
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

// execute runs a container until it exits.
func execute(t *testing.T, args []string, opts ...oci.SpecOpts) result {
	t.Helper()
	return launch(t, newID(t), args, opts...).end(t)
}

// hold launches the calls program and returns when it has done these steps. The program
// then waits.
func hold(t *testing.T, id string, steps []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	c := launch(t, id, calls(append(steps, "hold")...), opts...)
	c.stdout.await(t, "hold -> waiting")
	return c
}

// end waits for init's exit and for all of its output.
func (c *container) end(t *testing.T) result {
	t.Helper()
	status := await(t, "init", c.exits)
	if _, err := c.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete task: %v", err)
	}
	return result{status.ExitCode(), c.stdout.String(), c.stderr.String()}
}

// kill kills init and returns its result.
func (c *container) kill(t *testing.T) result {
	t.Helper()
	if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Errorf("kill: %v", err)
	}
	return c.end(t)
}

// exec runs another process in the container until it exits.
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

// startExec starts another process in the container and does not wait for it.
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

// addExec adds a process like init to the container, without starting it.
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

// eventually polls until the fact holds.
func eventually(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	if !testbed.HoldsWithin(patience, holds) {
		t.Fatalf("not so after %v: %s", patience, fact)
	}
}

// refusalTime is the limit for a refusal on a busy machine. An idle one takes a small
// part of a second.
var refusalTime = testbed.Patient(5 * time.Second)
