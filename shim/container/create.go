package container

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"

	"seccomp-shim/shim/stdio"
)

// Create makes the container: namespaces, cgroups, root filesystem, and its
// init, which waits to be started. events hears of it before Create returns. With
// a checkpoint, the processes are made by Start.
//
// A create that is under way when the context ends is undone. On error nothing is
// left of it. The streams are closed in either case when the container is deleted
// or was not created.
func Create(ctx context.Context, cfg Config, streams *stdio.IO, events Events) (_ *Container, err error) {
	defer func() {
		if err != nil {
			streams.Close()
		}
	}()
	config, err := cfg.libcontainer()
	if err != nil {
		return nil, err
	}
	lc, err := libcontainer.Create(stateRoot(cfg.Bundle), cfg.ID, config)
	if err != nil {
		return nil, translate(err)
	}
	c := &Container{
		ID:         cfg.ID,
		Bundle:     cfg.Bundle,
		config:     cfg,
		lc:         lc,
		events:     events,
		privatePID: config.Namespaces.IsPrivate(configs.NEWPID),
		processes:  map[string]*Process{},
	}
	c.init = newProcess(c, "", cfg.Spec.Process, streams)
	state, err := lc.State()
	if err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	c.cgroupPaths = state.CgroupPaths
	if c.oom, err = newOOMWatch(c.cgroupPaths, func() { events.OOM(c) }); err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	if err := noteCgroup(cfg.Bundle, config.Cgroups); err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	if cfg.Checkpoint != "" { // its processes are made by Start
		events.Created(c)
		return c, nil
	}
	if err := c.init.launchIn(ctx, lc); err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	c.cgroup = loadCgroup(lc, c.init.Pid())
	events.Created(c)
	c.listenToOOM()
	go c.init.watch()
	return c, nil
}

// abandon removes what libcontainer has made of a container whose init could not
// be launched. Processes on their way into it may have joined its cgroup.
func (c *Container) abandon() error {
	if err := errors.Join(removeUnfinished(c.Bundle), c.lc.Destroy()); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return os.RemoveAll(stateRoot(c.Bundle))
}
