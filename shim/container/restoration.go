package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/installed"
)

// A restoration is how a checkpoint's processes come to run under the container's
// filter, without a moment in which one of them executes an instruction before
// the filters of all have been read back from the kernel:
//
//	CRIU                      shim
//	makes all processes,
//	which stop as its tracees
//	"pre-resume" ───────────▶ takes CRIU out of the cgroup, freezes the cgroup
//	             ◀─────────── goes on
//	lets them go: they are
//	frozen; ends ───────────▶ traces them, thaws the cgroup: they stop again;
//	                          reads and compares their filters
//	                          lets them go
//
// While CRIU traces them nobody else can, and the kernel tells filters to none but a
// tracer. Frozen by SIGSTOP they would not be safe: a timer of theirs may send SIGCONT.
type restoration struct {
	container *Container
	lc        *libcontainer.Container // from the state that CRIU's work has led to
	threads   []int                   // of the restored processes; those that are frozen
}

func (r *restoration) run(lp *libcontainer.Process) error {
	c := r.container
	work := criuWork(c.Bundle)
	opts := &libcontainer.CriuOpts{
		ImagesDirectory: c.config.Checkpoint,
		WorkDirectory:   work,
		EmptyNs:         unix.CLONE_NEWNET,
		StatusFd:        -1,
	}
	if c.config.Filter != nil {
		setBeforeResume(opts, r.holdOrKill)
	}
	err := c.lc.Restore(lp, opts)
	if err != nil {
		err = criuError(err, filepath.Join(work, "restore.log"), filepath.Join(c.Bundle, "criu-restore.log"))
	}
	// Restore does not note when the init was started, by which libcontainer knows
	// a process from another with its pid; the state on disk has it.
	if err == nil && r.lc == nil {
		r.lc, err = libcontainer.Load(stateRoot(c.Bundle), c.ID)
	}
	if err == nil && c.config.Filter != nil {
		err = c.config.Filter.verify(r.threads, r.lc)
	}
	if err != nil {
		return errors.Join(err, r.undo())
	}
	return nil
}

// holdOrKill is called when all processes are made and stopped. CRIU lets them go after an
// error, too, so they must have been killed by then.
func (r *restoration) holdOrKill(criu, init int) error {
	err := r.hold(criu, init)
	if err == nil {
		return nil
	}
	for _, pid := range append(r.threads, init) {
		_ = unix.Kill(pid, unix.SIGKILL) // a thread's process, which another thread's may have ended
	}
	r.kill(criu)
	return fmt.Errorf("hold the restored processes: %w", err)
}

// hold freezes all processes. Those that the checkpoint puts outside of the
// container's cgroup would not be frozen, so they are refused.
func (r *restoration) hold(criu, init int) error {
	c := r.container
	var err error
	if r.threads, err = descendants(init); err != nil {
		return err
	}
	if r.lc, err = libcontainer.Load(stateRoot(c.Bundle), c.ID); err != nil {
		return err
	}
	folder, own, err := freezers(c.cgroupPaths)
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

// checkInside checks that freezing a cgroup freezes all threads, and none of the shim's and
// CRIU's processes.
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

// freezers returns the cgroups by which the container's processes and the shim's are
// frozen.
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

// frozen is what a paused libcontainer.Container can do.
type frozen interface {
	Status() (libcontainer.Status, error)
	Resume() error
}

// verify thaws restored threads, and lets them go on only if the kernel runs each under
// the filter. Otherwise their processes are killed.
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

// kill kills all processes in the cgroup but those of CRIU. Those that cgroups v1 has
// frozen die when they are thawed.
func (r *restoration) kill(criu ...int) {
	for _, folder := range r.container.cgroupPaths {
		pids, _ := cgroups.GetAllPids(folder) // it may have been removed
		for _, pid := range pids {
			if !slices.Contains(criu, pid) {
				_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
			}
		}
	}
}

// undo ends a restoration that has failed.
func (r *restoration) undo() error {
	r.kill()
	err := removeYards(r.container.Bundle)
	if r.lc == nil {
		return err
	}
	if thawErr := r.lc.Resume(); !errors.Is(thawErr, libcontainer.ErrNotPaused) {
		err = errors.Join(err, thawErr)
	}
	return err
}

func criuWork(bundle string) string { return filepath.Join(bundle, "criu-work") }

// removeYards removes the mounts of all cgroup hierarchies that CRIU makes in its work
// folder to restore cgroups, and leaves there when it fails or is killed.
func removeYards(bundle string) error {
	yards, err := filepath.Glob(filepath.Join(criuWork(bundle), ".criu.cgyard.*"))
	for _, yard := range yards {
		if unmountErr := unix.Unmount(yard, unix.MNT_DETACH); unmountErr != nil && !errors.Is(unmountErr, unix.EINVAL) {
			err = errors.Join(err, fmt.Errorf("unmount %s: %w", yard, unmountErr))
		}
	}
	return err
}
