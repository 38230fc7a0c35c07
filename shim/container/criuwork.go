package container

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// criuWork is CRIU's work folder in a bundle.
func criuWork(bundle string) string { return filepath.Join(bundle, "criu-work") }

// removeYards unmounts the cgroup hierarchies that CRIU mounts in its work folder while
// it restores cgroups. CRIU leaves them there when it fails or is killed.
func removeYards(bundle string) error {
	yards, err := filepath.Glob(filepath.Join(criuWork(bundle), ".criu.cgyard.*"))
	for _, yard := range yards {
		if unmountErr := unix.Unmount(yard, unix.MNT_DETACH); unmountErr != nil && !errors.Is(unmountErr, unix.EINVAL) {
			err = errors.Join(err, fmt.Errorf("unmount %s: %w", yard, unmountErr))
		}
	}
	return err
}
