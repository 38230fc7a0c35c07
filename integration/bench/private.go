package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// privateEnv tells the child of runPrivately what it is.
const privateEnv = "SECCOMP_SHIM_BENCH_PRIVATE"

func isPrivate() bool { return os.Getenv(privateEnv) != "" }

// runPrivately runs this program once more with mounts of its own, and returns
// its exit status. The benchmark empties the shims' cache, and mounts a cgroup
// hierarchy for crun: neither is to be seen by anyone else.
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
func mountPrivately() (undo func() error, err error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("bench", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return nil, fmt.Errorf("mount a tmpfs: %w", err)
	}
	return mountHugetlb()
}

// mountHugetlb mounts the hugetlb hierarchy where a cgroup v1 host knows the
// controller and has not mounted it: crun refuses to run there.
func mountHugetlb() (undo func() error, err error) {
	nothing := func() error { return nil }
	controllers, err := os.ReadFile("/proc/cgroups")
	if err != nil {
		return nothing, nil // a kernel without cgroup v1
	}
	_, v2Err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	if v2Err == nil || !strings.Contains(string(controllers), "\nhugetlb\t0\t") {
		return nothing, nil
	}
	// The folder is the only thing that others could see.
	dir := filepath.Join("/sys/fs/cgroup", "hugetlb")
	made := os.Mkdir(dir, 0o755)
	if made != nil && !errors.Is(made, os.ErrExist) {
		return nil, fmt.Errorf("make a folder for crun: %w", made)
	}
	undo = func() error {
		err := unix.Unmount(dir, 0)
		if made == nil {
			err = errors.Join(err, os.Remove(dir))
		}
		return err
	}
	if err := unix.Mount("cgroup", dir, "cgroup", 0, "hugetlb"); err != nil {
		return nil, errors.Join(fmt.Errorf("mount the hugetlb hierarchy for crun: %w", err), undo())
	}
	return undo, nil
}
