package container

import (
	"context"
	"errors"

	"seccomp-shim/shim/stdio"
)

// Create makes the container: namespaces, cgroups, root filesystem, and its init, which
// waits to be started. Created is reported before Create returns. With a checkpoint,
// Start makes the processes.
//
// A create that is under way when the context ends is undone. On error nothing is left
// of the container, and the streams are closed. Otherwise Delete closes them.
func Create(ctx context.Context, cfg Config, streams *stdio.IO, events Events) (_ *Container, err error) {
	defer func() {
		if err != nil {
			streams.Close()
		}
	}()
	b, err := newLibcontainerBackend(cfg)
	if err != nil {
		return nil, err
	}
	c := newContainer(cfg, b, streams, events)
	c.cgroupPaths = b.cgroupPaths
	if c.oom, err = newOOMWatch(c.cgroupPaths, func() { events.OOM(c) }); err != nil {
		return nil, errors.Join(err, b.abandon())
	}
	if err := noteCgroup(cfg.Bundle, b.libcontainer().Config().Cgroups); err != nil {
		return nil, errors.Join(err, b.abandon())
	}
	if err := c.create(ctx); err != nil {
		return nil, errors.Join(err, b.abandon())
	}
	return c, nil
}

// newContainer returns a container that has no processes yet.
func newContainer(cfg Config, b backend, streams *stdio.IO, events Events) *Container {
	c := &Container{
		ID:        cfg.ID,
		Bundle:    cfg.Bundle,
		config:    cfg,
		backend:   b,
		events:    events,
		processes: map[string]*Process{},
	}
	c.init = newProcess(c, "", cfg.Spec.Process, streams)
	return c
}

// create launches the init, and reports the container.
func (c *Container) create(ctx context.Context) error {
	if c.config.Checkpoint != "" { // Start makes the processes
		c.events.Created(c)
		return nil
	}
	if err := c.init.launch(ctx, c.backend.startInit); err != nil {
		return err
	}
	c.findCgroup()
	c.events.Created(c)
	c.listenToOOM()
	go c.init.watch()
	return nil
}
