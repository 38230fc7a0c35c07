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

// runPrivately runs this program once more with mounts of its own, and returns
// its exit status. The benchmark empties the shims' cache, and changes for crun
// what the kernel tells: neither is to be seen by anyone else.
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
	_ = cmd.Wait() // the state tells all
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	return exitFailed
}

// forward passes on what asks this process to end.
func forward(child *os.Process) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range signals {
			_ = child.Signal(s) // it may have ended
		}
	}()
}

// mountPrivately gives this process, and all that it starts, a /run of its own:
// the shims' cache is there, the runtimes' state, and with it the whole node.
// All of it is memory, as /run is on a node.
func mountPrivately() error {
	if err := testbed.MountPrivately(testbed.Tmpfs("/run")); err != nil {
		return err
	}
	return hideControllers()
}

// hideControllers hides the controllers that a cgroup v1 host has left to v2,
// such as hugetlb where nothing uses it: crun refuses to run beside them. To
// mount them as v1 would be seen on the whole host, even from here.
func hideControllers() error {
	const list, none = "/sys/fs/cgroup/unified/cgroup.controllers", "/run/none"
	if _, err := os.Stat(list); err != nil {
		return nil // v1 alone, or v2 alone
	}
	if err := os.WriteFile(none, nil, 0o644); err != nil {
		return err
	}
	if err := unix.Mount(none, list, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("hide controllers from crun: %w", err)
	}
	return nil
}
