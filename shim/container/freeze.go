package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/installed"
)

// freezeOrKill is called when all processes are made and stopped. CRIU detaches from them
// after an error, too, so on error freezeOrKill kills them before it returns.
func (r *restoration) freezeOrKill(criu, init int) error {
	err := r.freeze(criu, init)
	if err == nil {
		return nil
	}
	for _, pid := range append(r.threads, init) {
		_ = unix.Kill(pid, unix.SIGKILL) // it reaches the thread's process, which may have ended
	}
	r.kill(criu)
	return fmt.Errorf("hold the restored processes: %w", err)
}

// freeze freezes all processes. It refuses a checkpoint that puts a process outside of the
// container's cgroup, since that process would not be frozen.
func (r *restoration) freeze(criu, init int) error {
	cfg := r.backend.config
	var err error
	if r.threads, err = descendants(init); err != nil {
		return err
	}
	if r.lc, err = libcontainer.Load(stateRoot(cfg.Bundle), cfg.ID); err != nil {
		return err
	}
	folder, own, err := freezers(r.backend.cgroupPaths)
	if err != nil {
		return err
	}
	if err := cgroups.WriteCgroupProc(own, criu); err != nil {
		return err
	}
	if err := checkInside(folder, r.threads, criu, os.Getpid()); err != nil {
		return err
	}
	return r.lc.Pause()
}

// checkInside checks that freezing a cgroup freezes all threads, and no process of the
// shim or CRIU.
func checkInside(folder string, threads []int, shims ...int) error {
	inside, err := threadsIn(folder)
	if err != nil {
		return err
	}
	for _, pid := range shims {
		if inside[pid] {
			return fmt.Errorf("the container's cgroup %s has process %d of the shim in it, which would be frozen", folder, pid)
		}
	}
	for _, thread := range threads {
		if !inside[thread] {
			return fmt.Errorf("thread %d is %w: it is outside of the container's cgroup %s", thread, ErrUnconfined, folder)
		}
	}
	return nil
}

// freezers returns the cgroups by which the container's processes (folder) and the shim's
// (own) can be frozen.
func freezers(container map[string]string) (folder, own string, err error) {
	if cgroups.IsCgroup2UnifiedMode() {
		path, err := cgroup2.PidGroupPath(os.Getpid())
		return container[""], filepath.Join("/sys/fs/cgroup", path), err
	}
	folder, ok := container["freezer"]
	if !ok {
		return "", "", errors.New("the container has no freezer cgroup")
	}
	own, err = cgroups.GetOwnCgroupPath("freezer")
	return folder, own, err
}

// frozen is the part of libcontainer.Container that verify needs.
type frozen interface {
	Status() (libcontainer.Status, error)
	Resume() error
}

// verify thaws restored threads, and lets them run only if the kernel has each under the
// filter. Otherwise it kills their processes.
func (f *Filter) verify(threads []int, by frozen) error {
	status, err := by.Status()
	if err != nil {
		return err
	}
	if status != libcontainer.Paused || len(threads) == 0 {
		return fmt.Errorf("%s: restored processes, now %v, may be %w: they were not held", f.Name, status, ErrUnconfined)
	}
	return installed.Verify(threads, by.Resume, f.admitThread)
}
