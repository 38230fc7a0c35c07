package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/opencontainers/runc/libcontainer"

	"seccomp-shim/shim/poll"
)

// Destroy kills and removes a container whose shim is gone, by the state on disk. It
// returns the pid of the container's init, or 0 if there was no container.
func Destroy(ctx context.Context, bundle, id string) (pid int, err error) {
	root := stateRoot(bundle)
	if err := unmountCRIUCgroups(bundle); err != nil {
		return 0, err
	}
	lc, err := libcontainer.Load(root, id)
	// containerd cleans up even after a create that was refused because of its ID.
	if errors.Is(err, libcontainer.ErrNotExist) || errors.Is(err, libcontainer.ErrInvalidID) {
		if err := removeUnfinished(bundle); err != nil {
			return 0, err
		}
		return 0, os.RemoveAll(root)
	}
	if err != nil {
		return 0, err
	}
	state, err := lc.State()
	if err != nil {
		return 0, err
	}
	if err := killAndWait(lc, killPatience); err != nil {
		return state.InitProcessPid, err
	}
	if err := destroyWithHooks(ctx, lc); err != nil {
		return state.InitProcessPid, err
	}
	return state.InitProcessPid, os.RemoveAll(root)
}

// killAndWait kills the container's processes until init has ended. It polls, because
// init is not a child of this process.
func killAndWait(lc *libcontainer.Container, limit time.Duration) error {
	var killErr, statusErr error
	if poll.Until(10*time.Millisecond, limit, func() bool {
		killErr = killAll(lc)
		if errors.Is(killErr, libcontainer.ErrNotRunning) || errors.Is(killErr, libcontainer.ErrCgroupNotExist) {
			return true
		}
		var status libcontainer.Status
		status, statusErr = lc.Status()
		return statusErr == nil && status == libcontainer.Stopped
	}) {
		return nil
	}
	return fmt.Errorf("init survives SIGKILL for %s: %w", limit, errors.Join(killErr, statusErr))
}
