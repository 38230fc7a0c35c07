package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// privateEnv tells the child of runPrivately what it is.
const privateEnv = "SECCOMP_SHIM_BENCH_PRIVATE"

func isPrivate() bool { return os.Getenv(privateEnv) != "" }

// runPrivately runs this program once more with mounts of its own, and returns
// its exit status. The benchmark empties the shims' cache, and changes for crun
// what the kernel tells: neither is to be seen by anyone else.
func runPrivately() int {
	// A parent's death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), privateEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // a Ctrl-C comes once, from here
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
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("bench", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
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
