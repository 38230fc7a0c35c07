package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// If containerd is killed during a create or start, the next containerd can create the
// container again with the same id. No shim or socket stays that it does not know: see
// ownNode. A hook makes one kill in four hit the create; the others come at any
// moment.
func TestContainerdKilledDuringCreate(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	n, client := ownNode(t)
	slowly := func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{{Path: "/bin/sleep", Args: []string{"sleep", "2"}}}}
		return nil
	}
	for i := range 8 {
		var opts []oci.SpecOpts
		delay := time.Duration(i*20) * time.Millisecond
		if i%4 == 0 {
			opts, delay = append(opts, slowly), time.Second
		}
		id := fmt.Sprintf("interrupted%d", i)
		c := ownContainer(t, n, client, id, sh("exit 3"), opts...)
		interrupted := make(chan struct{})
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		go func() {
			defer close(interrupted)
			if task, err := c.NewTask(ctx, cio.NewCreator(cio.WithStreams(nil, nil, nil), cio.WithFIFODir(n.FIFODir()))); err == nil {
				_ = task.Start(ctx)
			}
		}()
		time.Sleep(delay)
		n.Kill()
		<-interrupted
		cancel()
		if err := n.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if task, err := c.Task(bounded(t), nil); err == nil { // the new containerd took the task over
			if _, err := task.Delete(bounded(t), containerd.WithProcessKill); err != nil {
				t.Errorf("%s, killed after %v: delete: %v", id, delay, err)
			}
		}
		task, err := c.NewTask(bounded(t), cio.NewCreator(cio.WithStreams(nil, nil, nil), cio.WithFIFODir(n.FIFODir())))
		if err != nil {
			t.Errorf("%s, killed after %v: create again: %v", id, delay, err)
			continue
		}
		exits, err := task.Wait(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		if err := task.Start(bounded(t)); err != nil {
			t.Errorf("%s, killed after %v: start again: %v", id, delay, err)
		} else if code := await(t, id, exits).ExitCode(); code != 3 {
			t.Errorf("%s: exit code %d", id, code)
		}
		if _, err := task.Delete(bounded(t), containerd.WithProcessKill); err != nil {
			t.Errorf("%s: delete: %v", id, err)
		}
		if left := n.AwaitGone(id); len(left) > 0 {
			t.Errorf("%s, killed after %v: left: %v", id, delay, left)
		}
	}
}

// ownContainer makes a container on a node that only this test uses.
func ownContainer(t *testing.T, n *testbed.Node, client *containerd.Client, id string, args []string, opts ...oci.SpecOpts) containerd.Container {
	t.Helper()
	image, err := client.GetImage(bounded(t), imageName)
	if err != nil {
		t.Fatal(err)
	}
	all := []oci.SpecOpts{oci.WithImageConfig(image), oci.WithProcessArgs(args...), oci.WithDefaultPathEnv}
	c, err := client.NewContainer(bounded(t), id,
		containerd.WithSnapshotter(n.Snapshotter()), containerd.WithNewSnapshot(id, image),
		containerd.WithNewSpec(append(all, opts...)...),
		containerd.WithRuntime(runtimeName, nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// startByHand runs the shim's start action in a bundle of its own, as containerd before
// 2.3 does. It returns the socket that start prints. prepare changes the bundle before
// the start.
func startByHand(t *testing.T, id string, prepare func(bundle string)) (socket, bundle string) {
	t.Helper()
	bundle = filepath.Join(t.TempDir(), id)
	if err := os.Mkdir(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	prepare(bundle)
	out, err := startCommand(id, bundle).Output()
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return strings.TrimPrefix(string(out), "unix://"), bundle
}

func startCommand(id, bundle string) *exec.Cmd {
	const nobody = "/run/seccomp-shim-test/no-containerd.sock"
	cmd := exec.Command(filepath.Join(testbed.BinDir(), "containerd-shim-seccomp-v1"),
		"-namespace", "by-hand", "-address", nobody, "-id", id, "start")
	cmd.Dir = bundle
	cmd.Env = append(os.Environ(), "TTRPC_ADDRESS="+nobody+".ttrpc")
	cmd.Stdin = bytes.NewReader(nil)
	return cmd
}

// A shim exits and removes its socket if no client connects after its start, or if it
// cannot serve.
func TestShimThatNobodyUsesEnds(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	const enough = 40 * time.Second
	fifo := func(bundle string) {
		if err := unix.Mkfifo(filepath.Join(bundle, "log"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	read := func(bundle string) {
		fifo(bundle)
		reader, err := os.OpenFile(filepath.Join(bundle, "log"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reader.Close() })
	}
	for i, row := range []struct {
		fact    string
		prepare func(bundle string)
		after   func(bundle string)
	}{
		{"nobody comes", read, func(string) {}},
		{"nobody reads its log", fifo, func(string) {}},
		{"its log cannot be opened", func(bundle string) {
			if err := os.Mkdir(filepath.Join(bundle, "log"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, func(string) {}},
		{"its bundle is gone", read, func(bundle string) {
			if err := os.RemoveAll(bundle); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := fmt.Sprintf("unused%d-%d", i, os.Getpid())
			socket, bundle := startByHand(t, id, row.prepare)
			row.after(bundle)
			if !testbed.HoldsWithin(enough, func() bool { return !isThere(socket) && shimNamed(id) == 0 }) {
				t.Errorf("after %v: the socket is there: %v; the process is %d", enough, isThere(socket), shimNamed(id))
				if pid := shimNamed(id); pid != 0 {
					_ = unix.Kill(pid, unix.SIGKILL)
				}
			}
		})
	}
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// shimNamed returns the pid of the shim that serves an id, or 0.
func shimNamed(id string) int {
	over := make(chan struct{})
	close(over)
	return shimThat(over, id, func(args []string) bool { return true })
}

// The socket of a killed start is removed by the next start at the latest.
func TestKilledStartLeavesNoSocket(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	dir := "/run/containerd/s"
	before, _ := filepath.Glob(dir + "/*") // no bad pattern
	var ids []string
	for i := range 12 {
		id := fmt.Sprintf("killed%d-%d", i, os.Getpid())
		ids = append(ids, id)
		bundle := t.TempDir()
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := startCommand(id, bundle)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(4+2*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // the error is that it was killed
	}
	for _, id := range ids {
		if pid := shimNamed(id); pid != 0 {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
	last, _ := startByHand(t, fmt.Sprintf("last-%d", os.Getpid()), func(string) {})
	eventually(t, "the last one's socket goes too", func() bool { return !isThere(last) })
	after, _ := filepath.Glob(dir + "/*")
	for _, socket := range after {
		if !strings.Contains(strings.Join(before, " "), socket) {
			t.Errorf("left: %s", socket)
		}
	}
}

// delete succeeds also for an id that the runtime refuses, because containerd cleans up
// after such a container too.
func TestDeleteOfRefusedID(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	for _, id := range []string{"with space", "..", "a/b", "ümlaut"} {
		cmd := exec.Command(filepath.Join(testbed.BinDir(), "containerd-shim-seccomp-v1"),
			"-namespace", "by-hand", "-address", "/no/such.sock", "-id", id, "delete")
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("delete of %q: %v: %s", id, err, out)
		}
	}
}
