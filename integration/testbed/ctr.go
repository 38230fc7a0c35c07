package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
)

// Result is the output and the exit code of a command.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Ctr runs `ctr args...` on the node. A failure of ctr is in the Result. An error means
// that ctr could not be run, or that the end of ctx has killed it.
func (n *Node) Ctr(ctx context.Context, args ...string) (Result, error) {
	return Run(n.Command(ctx, args...))
}

// Run starts cmd in a process group of its own, so that a Ctrl-C does not reach it, and
// waits for it.
func Run(cmd *exec.Cmd) (Result, error) {
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err := cmd.Run()
	result := Result{Stdout: out.String(), Stderr: errOut.String(), ExitCode: cmd.ProcessState.ExitCode()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("run %s: %w", strings.Join(cmd.Args, " "), err)
	}
	return result, nil
}

// Command returns `ctr args...` for the node, for a caller that sets streams or a
// terminal. The address, the namespace and the snapshotter are in the environment, so
// args are those that a person types.
func (n *Node) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(n.bin, "ctr"), args...)
	cmd.Env = append(environ(n.bin),
		"CONTAINERD_ADDRESS="+n.Address(),
		"CONTAINERD_NAMESPACE="+n.opts.Namespace,
		"CONTAINERD_SNAPSHOTTER="+n.snapshotter,
		"CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1")
	return cmd
}

// environ returns our environment with bin first in the PATH.
func environ(bin string) []string {
	return append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// Client connects to the node's containerd, in the node's namespace. The caller closes
// the client. It stays valid after a Restart.
func (n *Node) Client() (*containerd.Client, error) {
	client, err := containerd.New(n.Address(), containerd.WithDefaultNamespace(n.opts.Namespace))
	if err != nil {
		return nil, fmt.Errorf("connect to containerd: %w", err)
	}
	return client, nil
}

// Snapshotter returns the name of the snapshotter that the node uses.
func (n *Node) Snapshotter() string { return n.snapshotter }

// deleteContainers kills and deletes all containers of all namespaces.
func (n *Node) deleteContainers(ctx context.Context) error {
	client, err := n.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	names, err := client.NamespaceService().List(ctx)
	if err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	var errs []error
	for _, name := range names {
		ctx := namespaces.WithNamespace(ctx, name)
		containers, err := client.Containers(ctx)
		if err != nil {
			return fmt.Errorf("list containers of %s: %w", name, err)
		}
		for _, c := range containers {
			errs = append(errs, deleteContainer(ctx, c))
		}
	}
	return errors.Join(errs...)
}

func deleteContainer(ctx context.Context, c containerd.Container) error {
	task, err := c.Task(ctx, nil)
	if err == nil {
		_, err = task.Delete(ctx, containerd.WithProcessKill)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete task of %s: %w", c.ID(), err)
	}
	if err := c.Delete(ctx, containerd.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete container %s: %w", c.ID(), err)
	}
	return nil
}
