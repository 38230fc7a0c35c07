package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
)

// Stop is containerd's action "delete", after a shim died: it kills the container, and
// removes its cgroup, state and mounts, and the shim's socket.
func (Manager) Stop(ctx context.Context, id string) (containerd.StopStatus, error) {
	status, err := stop(ctx, id)
	if err != nil { // RunShim prints it
		err = errors.New(mistake.Line(err.Error()))
	}
	return status, err
}

func stop(ctx context.Context, id string) (containerd.StopStatus, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return containerd.StopStatus{}, err
	}
	// The shim of a group works in the bundle of another container of the group.
	dir := bundle.Dir(filepath.Join(filepath.Dir(cwd), id))
	// Read the address first: containerd may remove the bundle at the same time.
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
