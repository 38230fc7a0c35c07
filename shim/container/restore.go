package container

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/dump"
)

// ErrUnconfined says that a checkpoint's processes are not under the filter that
// the container's are to run under.
var ErrUnconfined = errors.New("not under the container's seccomp filter")

// admitCheckpoint refuses a checkpoint whose processes would not run under the
// container's filter. They are not started through package load: they come with
// the filters that they had when they were saved, which CRIU loads again.
//
// A process may have loaded more, but the container's own must be among them,
// byte for byte, for every thread.
func (f *Filter) admitCheckpoint(images string) error {
	if f == nil {
		return nil
	}
	if f.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 {
		return fmt.Errorf("%s: %w: CRIU does not restore the listener of a filter with SCMP_ACT_NOTIFY", f.Name, ErrUnconfined)
	}
	threads, err := dump.Threads(os.DirFS(images))
	if err != nil {
		return fmt.Errorf("checkpoint: %w: %w", ErrUnconfined, err)
	}
	for _, t := range threads {
		if !f.isAmong(t.Filters) {
			return fmt.Errorf("%s: checkpoint %s: %s: its thread is %w, but under %d others", f.Name, images, t.Image, ErrUnconfined, len(t.Filters))
		}
	}
	return nil
}

func (f *Filter) isAmong(filters []dump.Filter) bool {
	const told = unix.SECCOMP_FILTER_FLAG_LOG // the only flag that the kernel tells (seccomp_get_metadata)
	for _, other := range filters {
		if bytes.Equal(other.Program, f.Program) && other.Flags&told == f.Flags&told {
			return true
		}
	}
	return false
}

// restore is Start for a container from a checkpoint.
func (p *Process) restore() error {
	c := p.Container
	if err := p.resume(); err != nil {
		// No start was reported, so no exit will be.
		p.death = Exit{Status: 255, At: time.Now()}
		p.finish(p.death)
		return translate(err)
	}
	p.started = true
	p.setState(Running)
	c.events.Started(p)
	c.listenToOOM()
	go p.watch()
	return nil
}

// resume makes the processes, which go on where the checkpoint has left them.
func (p *Process) resume() error {
	c := p.Container
	if err := c.config.Filter.admitCheckpoint(c.config.Checkpoint); err != nil {
		return err
	}
	lp, err := libcontainerProcess(p.spec)
	if err != nil {
		return err
	}
	lp.Init = true
	console, err := p.connectStreams(lp)
	if err != nil {
		return err
	}
	defer console.Close()
	work := filepath.Join(c.Bundle, "criu-work")
	err = c.lc.Restore(lp, &libcontainer.CriuOpts{
		ImagesDirectory: c.config.Checkpoint,
		WorkDirectory:   work,
		EmptyNs:         unix.CLONE_NEWNET,
		StatusFd:        -1,
	})
	if err != nil {
		return criuError(err, filepath.Join(work, "restore.log"), filepath.Join(c.Bundle, "criu-restore.log"))
	}
	pid, err := lp.Pid()
	if err != nil {
		return err
	}
	// Restore does not note when the init was started, by which libcontainer knows
	// a process from another with its pid; the state on disk has it.
	lc, err := libcontainer.Load(stateRoot(c.Bundle), c.ID)
	if err != nil {
		_, killErr := terminate(lp)
		return errors.Join(err, killErr)
	}
	c.mu.Lock()
	c.lc = lc
	c.mu.Unlock()
	p.mu.Lock()
	p.lp, p.pid = lp, pid
	p.mu.Unlock()
	if err := errors.Join(p.startStreams(console), c.verifyRestored()); err != nil {
		_, killErr := terminate(lp)
		return errors.Join(err, killErr)
	}
	c.cgroup = loadCgroup(c.lc, pid)
	return nil
}

// verifyRestored makes sure that CRIU has done what it has been trusted to do.
func (c *Container) verifyRestored() error {
	if c.config.Filter == nil {
		return nil
	}
	pids, err := c.Pids()
	if err != nil {
		return err
	}
	for _, pid := range append(pids, c.init.Pid()) {
		status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
		if errors.Is(err, os.ErrNotExist) {
			continue // it has ended
		}
		if err != nil {
			return err
		}
		if !strings.Contains(string(status), "\nSeccomp:\t2\n") {
			return fmt.Errorf("%s: restored process %d is %w", c.config.Filter.Name, pid, ErrUnconfined)
		}
	}
	return nil
}
