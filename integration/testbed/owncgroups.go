package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ownCgroupsEnv passes the name of OwnCgroups to a child.
const ownCgroupsEnv = "SECCOMP_SHIM_CGROUPS"

// removeTimeout is for cgroups whose processes have just exited: rmdir(2) returns EBUSY
// until the kernel has released them.
const removeTimeout = 5 * time.Second

// OwnCgroups is the name of new cgroups, one in each hierarchy. They are the root of a
// program's cgroup namespace, so all cgroups that the program makes are below them, and no
// cgroup of another program is.
type OwnCgroups string

// NewOwnCgroups makes cgroups with a new name that begins with prefix.
func NewOwnCgroups(prefix string) (OwnCgroups, error) {
	roots := cgroupRoots()
	if len(roots) == 0 {
		return "", errors.New("make cgroups: no hierarchy is mounted")
	}
	first, err := os.MkdirTemp(roots[0], prefix+"-")
	if err != nil {
		return "", fmt.Errorf("make cgroups: %w", err)
	}
	own := OwnCgroups(filepath.Base(first))
	for _, root := range roots {
		if err := own.makeIn(root); err != nil {
			return "", errors.Join(fmt.Errorf("make cgroups: %w", err), own.Remove())
		}
	}
	return own, nil
}

func (o OwnCgroups) makeIn(root string) error {
	dir := filepath.Join(root, string(o))
	// In v2 a child has the controllers that its parent enables. Not every host can enable
	// all of them; a test that needs a missing one fails.
	controllers, _ := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	for _, name := range strings.Fields(string(controllers)) {
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+name), 0o644)
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// In v1 no process can be moved into a cpuset without processors and memory.
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name), value, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// Env returns the variable that a child needs for [EnterOwnCgroups].
func (o OwnCgroups) Env() string { return ownCgroupsEnv + "=" + string(o) }

// EnterOwnCgroups moves this process into the cgroups that its parent has made.
// Programs that the calling goroutine starts afterwards see them as the root, by a
// cgroup namespace and by mounts. This needs a private mount namespace: see
// [MountPrivately].
func EnterOwnCgroups() error {
	name, ok := os.LookupEnv(ownCgroupsEnv)
	if !ok {
		return fmt.Errorf("enter cgroups: %s is not set", ownCgroupsEnv)
	}
	runtime.LockOSThread() // children get the namespace of this thread
	roots := cgroupRoots()
	for _, root := range roots {
		if err := joinCgroup(filepath.Join(root, name)); err != nil {
			return err
		}
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make cgroup namespace: %w", err)
	}
	for _, root := range roots {
		if err := unix.Mount(filepath.Join(root, name), root, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("show %s as the root of cgroups: %w", filepath.Join(root, name), err)
		}
		// In v2 a cgroup that enables controllers for its children may not have processes
		// of its own, except the host's root.
		if _, err := os.Stat(filepath.Join(root, "cgroup.subtree_control")); err != nil {
			continue
		}
		leaf := filepath.Join(root, "self")
		if err := errors.Join(os.Mkdir(leaf, 0o755), joinCgroup(leaf)); err != nil {
			return err
		}
	}
	return nil
}

// joinCgroup moves this process into a cgroup.
func joinCgroup(dir string) error {
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0o644)
}

// Remove removes the cgroups and all below them. Their processes must have exited.
func (o OwnCgroups) Remove() error {
	var errs []error
	HoldsWithin(removeTimeout, func() bool {
		errs = nil
		for _, root := range cgroupRoots() {
			if err := removeDirs(filepath.Join(root, string(o))); err != nil {
				errs = append(errs, err)
			}
		}
		return len(errs) == 0
	})
	return errors.Join(errs...)
}
