package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// runPrivately runs this program again in a mount namespace of its own, and returns its exit
// status. The benchmark empties the shims' cache and hides controllers from crun. The host must
// not see either.
func runPrivately() int {
	cmd, err := testbed.Again(context.Background(), syscall.CLONE_NEWNS)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return exitFailed
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: start with mounts of its own (needs root): %v\n", err)
		return exitFailed
	}
	forward(cmd.Process)
	_ = cmd.Wait() // ProcessState has the result
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	return exitFailed
}

// forward sends SIGINT and SIGTERM on to the child.
func forward(child *os.Process) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range signals {
			_ = child.Signal(s) // it may have ended
		}
	}()
}

// mountPrivately gives this process, and its children, a /run of its own. It holds the shims'
// cache, the runtimes' state, and the node's folder. It is a tmpfs, as /run is on a node.
func mountPrivately(unified bool) error {
	if err := testbed.MountPrivately(testbed.Tmpfs("/run")); err != nil {
		return err
	}
	if unified {
		return mountUnified()
	}
	return hideControllers()
}

// mountUnified has cgroup v2 alone at /sys/fs/cgroup, in this mount namespace. A host of v1 keeps
// its controllers, so limits cannot be set there; the bench's containers have none. Device rules
// are BPF programs, which need no controller (cgroups(7)).
func mountUnified() error {
	const root = "/sys/fs/cgroup"
	if err := unix.Unmount(root, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", root, err)
	}
	if err := unix.Mount("cgroup2", root, "cgroup2", 0, ""); err != nil {
		return fmt.Errorf("mount cgroup v2 at %s: %w", root, err)
	}
	return nil
}

// hideControllers hides the controllers that a cgroup v1 host has left to v2, such as an unused
// hugetlb. With such controllers crun refuses to run. Mounting them as v1 would change the whole
// host, even from this mount namespace.
func hideControllers() error {
	const list, none = "/sys/fs/cgroup/unified/cgroup.controllers", "/run/none"
	if _, err := os.Stat(list); err != nil {
		return nil // the host has only v1, or only v2
	}
	if err := os.WriteFile(none, nil, 0o644); err != nil {
		return err
	}
	if err := unix.Mount(none, list, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("hide controllers from crun: %w", err)
	}
	return nil
}
