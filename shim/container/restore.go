package container

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// A restoration restores a checkpoint's processes under the container's filter. None of
// them executes an instruction before the filters of all have been read back from the
// kernel:
//
//	CRIU                      shim
//	makes all processes,
//	which stop as its tracees
//	"pre-resume" ───────────▶ takes CRIU out of the cgroup, freezes the cgroup
//	             ◀─────────── goes on
//	detaches: they are
//	frozen; exits ──────────▶ traces them, thaws the cgroup: they stop again;
//	                          reads and compares their filters;
//	                          detaches
//
// The kernel shows a process's filters to its tracer only, and a process has one tracer:
// CRIU, until it detaches. SIGSTOP instead of the freezer would not be safe, because a
// timer of the process may send SIGCONT.
type restoration struct {
	backend *libcontainerBackend
	lc      *libcontainer.Container // loaded from the state that CRIU's work has left on disk
	threads []int                   // all threads of the restored processes, which are frozen
}

// run restores the processes. On error none of them is left.
func (r *restoration) run(lp *libcontainer.Process) error {
	cfg := r.backend.config
	work := criuWork(cfg.Bundle)
	opts := &libcontainer.CriuOpts{
		ImagesDirectory: cfg.Checkpoint,
		WorkDirectory:   work,
		EmptyNs:         unix.CLONE_NEWNET,
		StatusFd:        -1,
	}
	if cfg.Filter != nil {
		setBeforeResume(opts, r.freezeOrKill)
	}
	err := r.backend.libcontainer().Restore(lp, opts)
	if err != nil {
		err = criuError(err, filepath.Join(work, "restore.log"), filepath.Join(cfg.Bundle, "criu-restore.log"))
	}
	// Restore does not keep the init's start time, by which libcontainer tells a process
	// from a later one with the same pid. The state on disk has it.
	if err == nil && r.lc == nil {
		r.lc, err = libcontainer.Load(stateRoot(cfg.Bundle), cfg.ID)
	}
	if err == nil && cfg.Filter != nil {
		err = cfg.Filter.verify(r.threads, r.lc)
	}
	if err != nil {
		return errors.Join(err, r.undo())
	}
	return nil
}

// kill kills all processes in the cgroup except CRIU's. A process that cgroup v1 has
// frozen dies when it is thawed.
func (r *restoration) kill(criu ...int) {
	for _, folder := range r.backend.cgroupPaths {
		pids, _ := cgroups.GetAllPids(folder) // it may have been removed
		for _, pid := range pids {
			if !slices.Contains(criu, pid) {
				_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
			}
		}
	}
}

// undo removes what a failed restoration has made.
func (r *restoration) undo() error {
	r.kill()
	err := unmountCRIUCgroups(r.backend.config.Bundle)
	if r.lc == nil {
		return err
	}
	if thawErr := r.lc.Resume(); !errors.Is(thawErr, libcontainer.ErrNotPaused) {
		err = errors.Join(err, thawErr)
	}
	return err
}

// restore is Start for a container from a checkpoint.
func (p *Process) restore(ctx context.Context) error {
	c := p.Container
	if err := p.launch(ctx, c.backend.restore); err != nil {
		// Started was not reported, so Exited is not either.
		p.death = Exit{Status: 255, At: time.Now()}
		p.finish(p.death)
		return translate(err)
	}
	c.findCgroup()
	p.started = true
	p.setState(Running)
	c.events.Started(p)
	c.listenToOOM()
	go p.watch()
	return nil
}

// restore implements backend.
func (b *libcontainerBackend) restore(ctx context.Context, p *Process) (child, error) {
	if errUnchanged != nil {
		return nil, errUnchanged
	}
	if err := b.config.Filter.admitCheckpoint(b.config.Checkpoint); err != nil {
		return nil, err
	}
	c, err := newLibcontainerChild(p)
	if err != nil {
		return nil, err
	}
	c.process.Init = true
	console, err := connectStreams(c.process, p)
	if err != nil {
		return nil, err
	}
	defer console.Close()
	r := &restoration{backend: b}
	if err := startOrReap(ctx, c, func() error { return r.run(c.process) }); err != nil {
		return nil, err
	}
	b.setLibcontainer(r.lc)
	c.container = r.lc
	if err := startStreams(p.streams, console); err != nil {
		r.kill()
		_, killErr := terminate(c)
		return nil, errors.Join(err, killErr)
	}
	return c, nil
}
