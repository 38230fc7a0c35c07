package shim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/options"
)

// groupAnnotations name the group of a container, in order of preference. One
// shim serves a group: a pod, or what a client grouped by hand.
var groupAnnotations = []string{
	"io.containerd.runc.v2.group", // what clients of runc's shim set
	"io.kubernetes.cri.sandbox-id",
}

// manager starts and cleans up shims. Its methods run in short-lived processes,
// in the bundle's directory.
type manager struct{}

func (manager) Name() string { return options.Runtime }

// Start starts the shim of a container, or finds the one that its group already
// has, and returns its address.
func (manager) Start(ctx context.Context, params *bootstrap.BootstrapParams) (_ *bootstrap.BootstrapResult, err error) {
	id := params.GetInstanceID()
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	dir := bundle.Dir(cwd)
	// An operator's mistake is best told before anything is started.
	opts, err := bootstrapOptions(params)
	if err != nil {
		return nil, err
	}
	group, err := groupOf(id, dir)
	if err != nil {
		return nil, err
	}
	address, err := socketAddress(ctx, params, group)
	if err != nil {
		return nil, err
	}
	// Before there is a socket: by it a clean-up finds the socket of a killed start.
	if err := dir.WriteAddress(address); err != nil {
		return nil, err
	}
	removeDeadSockets(noteDir)
	note(socketPath(address))
	defer forgetNote() // a shim that was started has it by then
	l, found, err := listen(address)
	if err != nil {
		return nil, err
	}
	if !found {
		defer func() { l.close(err != nil) }()
		if err := startServer(ctx, params, l, opts); err != nil {
			return nil, err
		}
	}
	return &bootstrap.BootstrapResult{Version: 3, Protocol: "ttrpc", Address: address}, nil
}

// startServer runs this binary as the shim that serves on the listener.
func startServer(ctx context.Context, params *bootstrap.BootstrapParams, l *listener, opts *options.Options) error {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"-namespace", ns, "-id", params.GetInstanceID(), "-address", params.GetContainerdGrpcAddress()}
	if params.GetLogLevel() <= bootstrap.LogLevel_LOG_LEVEL_DEBUG {
		args = append(args, "-debug")
	}
	cmd := exec.Command(self, args...)
	// More threads than a shim has work for only cost memory.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=4")
	cmd.ExtraFiles = []*os.File{l.file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := joinCgroup(opts.ShimCgroup, cmd.Process.Pid); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	if err := containerd.AdjustOOMScore(cmd.Process.Pid); err != nil {
		return errors.Join(fmt.Errorf("adjust OOM score of shim: %w", err), cmd.Process.Kill())
	}
	passNote(cmd.Process.Pid)
	return cmd.Process.Release()
}

func groupOf(id string, dir bundle.Dir) (string, error) {
	annotations, err := dir.Annotations()
	if err != nil {
		return "", err
	}
	for _, key := range groupAnnotations {
		if group, ok := annotations[key]; ok {
			return group, nil
		}
	}
	return id, nil
}

// Stop cleans up after a shim that died: its container is killed, and its
// cgroup, state and mounts are removed, and the shim's socket.
func (manager) Stop(ctx context.Context, id string) (containerd.StopStatus, error) {
	status, err := stop(ctx, id)
	return status, lined(err)
}

func stop(ctx context.Context, id string) (containerd.StopStatus, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return containerd.StopStatus{}, err
	}
	// A shim that serves a group works in another container's bundle.
	dir := bundle.Dir(filepath.Join(filepath.Dir(cwd), id))
	// First, since containerd may be removing the bundle by now.
	removeDeadSocket(dir)
	pid, err := container.Destroy(ctx, string(dir), id)
	if err != nil {
		return containerd.StopStatus{}, fmt.Errorf("destroy container %s: %w", id, err)
	}
	if err := dir.UnmountRootfs(); err != nil {
		return containerd.StopStatus{}, fmt.Errorf("unmount rootfs of container %s: %w", id, err)
	}
	return containerd.StopStatus{
		Pid:        pid,
		ExitStatus: 128 + int(unix.SIGKILL),
		ExitedAt:   time.Now(),
	}, nil
}
