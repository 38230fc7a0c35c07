package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	containerd "github.com/containerd/containerd/v2/pkg/shim"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/options"
)

// Start starts the shim of a container, or finds the one that its group already
// has, and returns its address.
func (Manager) Start(ctx context.Context, params *api.BootstrapParams) (_ *api.BootstrapResult, err error) {
	id := params.GetInstanceID()
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	dir := bundle.Dir(cwd)
	// Report an operator's mistake before anything is started.
	opts, err := optionsIn(params)
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
	// Write the address before there is a socket: delete finds the socket of a killed
	// start by it.
	if err := dir.WriteAddress(address); err != nil {
		return nil, err
	}
	removeDeadSockets(noteDir)
	writeNote(socketPath(address))
	defer forgetNote() // after passNote this process has none, and the shim keeps its own
	socket, found, err := bindSocket(address)
	if err != nil {
		return nil, err
	}
	if !found {
		defer func() { socket.close(err != nil) }()
		if err := startServer(ctx, params, socket, opts); err != nil {
			return nil, err
		}
	}
	return &api.BootstrapResult{Version: 3, Protocol: "ttrpc", Address: address}, nil
}

// startServer runs this binary as the shim that serves on the socket.
func startServer(ctx context.Context, params *api.BootstrapParams, socket *boundSocket, opts *options.Options) error {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"-namespace", ns, "-id", params.GetInstanceID(), "-address", params.GetContainerdGrpcAddress()}
	if params.GetLogLevel() <= api.LogLevel_LOG_LEVEL_DEBUG {
		args = append(args, "-debug")
	}
	cmd := exec.Command(self, args...)
	// A shim has no work for more threads, and each costs memory.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=4")
	cmd.ExtraFiles = []*os.File{socket.file}
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
