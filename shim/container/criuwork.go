package container

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// criuWork is CRIU's work folder in a bundle.
func criuWork(bundle string) string { return filepath.Join(bundle, "criu-work") }

// unmountCRIUCgroups unmounts the cgroup hierarchies that CRIU mounts in its work folder
// while it restores cgroups. CRIU leaves them there when it fails or is killed.
func unmountCRIUCgroups(bundle string) error {
	mounts, err := filepath.Glob(filepath.Join(criuWork(bundle), ".criu.cgyard.*"))
	for _, mount := range mounts {
		if unmountErr := unix.Unmount(mount, unix.MNT_DETACH); unmountErr != nil && !errors.Is(unmountErr, unix.EINVAL) {
			err = errors.Join(err, fmt.Errorf("unmount %s: %w", mount, unmountErr))
		}
	}
	return err
}
