// Package testbed runs a private containerd, so that tests, benchmarks and the
// demo use a real containerd and do not touch the machine's own.
//
// A Node keeps its root, state, sockets, FIFOs and log in one temporary folder.
// Two things cannot be there: cgroups, which are at /<namespace>/<container id>
// in every hierarchy, and a runtime's state in /run/containerd. The paths of
// both contain the namespace, so each node has a namespace of its own. A
// containerd before 2.3 also has its shims' sockets in /run/containerd:
// [WithOwnSockets] gives a run a folder of its own there.
//
// Stop removes everything. Its error lists what the runtime had left on the
// host after containerd had deleted all containers.
package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/defaults"
)

var (
	startTimeout  = Patient(30 * time.Second)
	deleteTimeout = Patient(20 * time.Second)
)

// maxSocketDir is the greatest length of a folder of sockets. A socket's path
// has at most 107 bytes (unix(7)), and containerd names a socket by 64
// hexadecimal digits. containerd 2.4 accepts 42 bytes for the folder on Linux
// and 38 elsewhere; its error does not name the folder.
const maxSocketDir = 38

// Options says how a Node differs from the default. Only Bin is required.
type Options struct {
	// Bin is the folder of containerd, ctr and the shims. It is first in the PATH of
	// all programs that the node starts.
	Bin string
	// Dir is where the node's folder is made, by default os.TempDir().
	// Socket paths are inside, so its name must be short.
	Dir string
	// Namespace is containerd's namespace for Ctr and Client. By default it is the name
	// of the node's folder, which no other node has. Nodes with the same namespace
	// treat each other's cgroups as their own.
	Namespace string
	// Log receives containerd's log as it is written.
	Log io.Writer
	// LogLevel is containerd's, by default "info".
	LogLevel string
	// CRI loads the CRI plugins, for pods on a bridge. By default they are left out. A
	// node with pods must run Privately.
	CRI bool
	// Config is TOML that is appended to the node's containerd config.
	Config string
	// Imports are files that the config imports, such as a drop-in of deploy/.
	Imports []string
}

// Node is a running containerd and its folder. Its methods are not safe for
// concurrent use, except Ctr, Command, Client and Leftovers.
type Node struct {
	opts        Options
	bin         string // absolute opts.Bin
	dir         string
	snapshotter string
	version     version
	versionText string
	daemon      *daemon
	// before has the outside paths and the sockets that existed when the node started.
	// They are not the node's: another containerd may use the same namespace, or the
	// same folder for sockets.
	before map[string]bool
}

// Start makes a folder, starts containerd in it, and returns when containerd serves. If
// containerd exits early, the error has the end of its log.
func Start(ctx context.Context, opts Options) (*Node, error) {
	if opts.Dir == "" {
		opts.Dir = os.TempDir()
	}
	if opts.LogLevel == "" {
		opts.LogLevel = "info"
	}
	bin, err := filepath.Abs(opts.Bin)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", opts.Bin, err)
	}
	n := &Node{opts: opts, bin: bin}
	if n.version, n.versionText, err = versionOf(ctx, bin); err != nil {
		return nil, err
	}
	if err := n.makeFolder(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(n.dir))
	}
	n.before = map[string]bool{}
	for _, path := range append(n.outsidePaths(), n.socketFiles()...) {
		n.before[path] = true
	}
	if err := n.startDaemon(ctx); err != nil {
		return nil, errors.Join(err, n.removeTraces())
	}
	return n, nil
}

// makeFolder creates the node's folder and the configuration in it.
func (n *Node) makeFolder() error {
	parent, err := filepath.Abs(n.opts.Dir)
	if err != nil {
		return fmt.Errorf("resolve %s: %w", n.opts.Dir, err)
	}
	n.dir, err = os.MkdirTemp(parent, "node-")
	if err != nil {
		return fmt.Errorf("make node folder: %w", err)
	}
	if n.opts.Namespace == "" {
		n.opts.Namespace = filepath.Base(n.dir)
	}
	if inside := filepath.Join(n.dir, "s"); len(inside) > maxSocketDir {
		return fmt.Errorf("use %s: the name is too long for sockets inside (%d bytes, at most %d)",
			n.dir, len(inside), maxSocketDir)
	}
	// A container whose root is mapped to another user must be able to enter.
	if err := os.Chmod(n.dir, 0o711); err != nil {
		return fmt.Errorf("open node folder: %w", err)
	}
	n.snapshotter = chooseSnapshotter(filepath.Join(n.dir, "probe"))
	if n.opts.CRI {
		if err := n.writePodNetwork(); err != nil {
			return fmt.Errorf("write pod network: %w", err)
		}
	}
	if err := os.WriteFile(n.configPath(), []byte(n.config()), 0o600); err != nil {
		return fmt.Errorf("write containerd config: %w", err)
	}
	return nil
}

func (n *Node) startDaemon(ctx context.Context) error {
	d, err := startDaemon(n.bin, n.configPath(), n.opts.Log)
	if err != nil {
		return err
	}
	n.daemon = d
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return n.awaitServing(ctx)
}

// Halt stops containerd. Containers and their shims live on.
func (n *Node) Halt() { n.daemon.stop() }

// Restart stops containerd, if it runs, and starts it again in the same folder.
// Containers and their shims live on.
func (n *Node) Restart(ctx context.Context) error {
	n.daemon.stop()
	return n.startDaemon(ctx)
}

// Upgrade restarts with the containerd and the shims of another folder.
func (n *Node) Upgrade(ctx context.Context, bin string) (err error) {
	n.daemon.stop()
	if n.bin, err = filepath.Abs(bin); err != nil {
		return fmt.Errorf("resolve %s: %w", bin, err)
	}
	if n.version, n.versionText, err = versionOf(ctx, n.bin); err != nil {
		return err
	}
	if err := os.WriteFile(n.configPath(), []byte(n.config()), 0o600); err != nil {
		return fmt.Errorf("write containerd config: %w", err)
	}
	return n.startDaemon(ctx)
}

// Kill sends SIGKILL to containerd, and to no other process.
func (n *Node) Kill() {
	n.daemon.kill()
}

// Stop removes all containers, containerd and every trace of the node.
//
// The error lists what was left after containerd had deleted all containers and the
// shims had had time to exit. After Kill containerd deletes nothing, so what is left is
// expected and not reported. A second Stop does nothing.
func (n *Node) Stop() error {
	var errs []error
	if n.daemon.running() {
		ctx, cancel := context.WithTimeout(context.Background(), deleteTimeout)
		errs = append(errs, n.deleteContainers(ctx))
		cancel()
		if left := n.AwaitGone(""); len(left) > 0 {
			errs = append(errs, fmt.Errorf("left behind on the host, and now removed:\n  %s", strings.Join(left, "\n  ")))
		}
	}
	return errors.Join(append(errs, n.removeTraces())...)
}

// removeTraces kills and removes everything that belongs to the node.
func (n *Node) removeTraces() error {
	if n.daemon != nil {
		n.daemon.stop()
	}
	errs := []error{n.killProcesses()}
	for _, path := range n.newOutsidePaths() {
		errs = append(errs, removeDirs(path))
	}
	// A mount that is left may be a folder of the host, so it is not removed.
	err := unmountBelow(n.dir)
	if err == nil {
		err = os.RemoveAll(n.dir)
	}
	return errors.Join(append(errs, err)...)
}

// Version returns the version that containerd prints.
func (n *Node) Version() string { return n.versionText }

// AsksForFeatures reports whether containerd runs shims with -info.
func (n *Node) AsksForFeatures() bool { return n.version.atLeast(2, 0) }

// CRIAsksForFeatures reports whether the CRI plugin runs the shims of all runtimes with
// -info, and not only that of io.containerd.runc.v2.
func (n *Node) CRIAsksForFeatures() bool { return n.version.atLeast(2, 2) }

// CRIPassesOptions reports whether the CRI plugin passes on a handler's options, and
// not only the path of a file.
func (n *Node) CRIPassesOptions() bool { return n.version.passesOptions() }

// KeepsStoppedTasks reports whether a containerd that starts keeps a task that has stopped
// meanwhile, if the shim's answer is an error. Versions 1.7 to 2.2 delete all tasks without a
// process.
func (n *Node) KeepsStoppedTasks() bool { return !n.version.atLeast(1, 7) || n.version.atLeast(2, 3) }

// ConfigVersion returns the format of containerd's configuration.
func (n *Node) ConfigVersion() int { return n.version.configVersion() }

// Namespace returns containerd's namespace for Ctr and Client.
func (n *Node) Namespace() string { return n.opts.Namespace }

// Dir returns the node's folder, which Stop removes.
func (n *Node) Dir() string { return n.dir }

// Address returns the path of containerd's socket.
func (n *Node) Address() string { return filepath.Join(n.dir, "c.sock") }

// FIFODir returns the folder for standard streams: `ctr run --fifo-dir`. The default of
// clients is outside the node's folder.
func (n *Node) FIFODir() string { return filepath.Join(n.dir, "fifo") }

func (n *Node) configPath() string { return filepath.Join(n.dir, "config.toml") }

// socketDir returns the folder of the shims' sockets. For an old containerd it is a
// folder of the host, which others use too.
func (n *Node) socketDir() string {
	if n.version.hasSocketDir() {
		return filepath.Join(n.dir, "s")
	}
	return filepath.Join(defaults.DefaultStateDir, "s")
}

// bundleRoots returns the folders in which containerd makes a folder
// <namespace>/<id> for each task: the bundle, and its working directory.
func (n *Node) bundleRoots() []string {
	const tasks = "io.containerd.runtime.v2.task"
	return []string{filepath.Join(n.dir, "state", tasks), filepath.Join(n.dir, "root", tasks)}
}
