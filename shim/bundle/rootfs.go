package bundle

import (
	"errors"
	"fmt"
	"os"

	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/mount"
)

const rootfs = "rootfs"

// MountRootfs mounts the container's root file system into the bundle. The returned
// function undoes exactly that: without mounts it leaves rootfs alone, where the client
// may have mounted one.
func (d Dir) MountRootfs(mounts []*types.Mount) (undo func() error, err error) {
	if len(mounts) == 0 {
		return func() error { return nil }, nil
	}
	if err := os.Mkdir(d.join(rootfs), 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	if err := mount.All(mount.FromProto(mounts), d.join(rootfs)); err != nil {
		return nil, errors.Join(fmt.Errorf("mount rootfs: %w", err), d.UnmountRootfs())
	}
	return d.UnmountRootfs, nil
}

// UnmountRootfs unmounts everything at and below rootfs. It succeeds if nothing is
// mounted there, or if there is no bundle.
func (d Dir) UnmountRootfs() error { return mount.UnmountRecursive(d.join(rootfs), 0) }
