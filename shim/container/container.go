package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/sirupsen/logrus"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/stdio"
)

// Container is a created container with its processes.
type Container struct {
	ID     string
	Bundle string

	config      Config
	lc          *libcontainer.Container
	events      Events
	cgroup      cgroup
	oom         *oomWatch         // nil without a memory cgroup
	cgroupPaths map[string]string // its cgroup's folders by controller; "" is the unified one
	privatePID  bool              // its pid namespace is its own: the kernel kills all when init dies
	init        *Process

	// execs counts exec'd processes whose exit has not been reported.
	execs sync.WaitGroup

	// updates is held while resources are changed.
	updates sync.Mutex

	mu         sync.Mutex
	state      State // Created to Deleted
	processes  map[string]*Process
	initExited bool // no exec may start any more
}

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

func (c *Container) listenToOOM() {
	if err := c.oom.listen(); err != nil {
		logrus.WithError(err).WithField("container_id", c.ID).Error("failed to be told of processes killed by the OOM killer")
	}
}

// abandon removes what libcontainer has made of a container whose init could not
// be launched. Processes on their way into it may have joined its cgroup.
func (c *Container) abandon() error {
	if err := errors.Join(removeUnfinished(c.Bundle), c.lc.Destroy()); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return os.RemoveAll(stateRoot(c.Bundle))
}

// Init returns the container's first process.
func (c *Container) Init() *Process { return c.init }

// Process returns the process with an exec ID; the empty ID means init.
func (c *Container) Process(execID string) (*Process, error) {
	if execID == "" {
		return c.init, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.processes[execID]
	if !ok {
		return nil, fmt.Errorf("process %s: %w", mistake.Shown(execID), ErrNotFound)
	}
	return p, nil
}

// Execs returns the exec'd processes that have not been deleted.
func (c *Container) Execs() []*Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*Process
	for _, p := range c.processes {
		all = append(all, p)
	}
	return all
}

// State returns the container's state, which is its init's.
func (c *Container) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Pause freezes all processes.
func (c *Container) Pause() error {
	if err := c.move(OpPause, Pausing); err != nil {
		return err
	}
	// Freezing may take a while under load: no lock is held.
	if err := c.lc.Pause(); err != nil {
		c.settle(Running)
		return translate(err)
	}
	c.settle(Paused)
	return nil
}

// Resume thaws what Pause froze.
func (c *Container) Resume() error {
	c.mu.Lock()
	err := check(OpResume, c.state)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.lc.Resume(); err != nil {
		return translate(err)
	}
	c.settle(Running)
	return nil
}

// move changes the state if op is legal in the present one.
func (c *Container) move(op Op, to State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := check(op, c.state); err != nil {
		return err
	}
	c.state = to
	return nil
}

// settle ends a pause or resume, unless the container has stopped meanwhile.
func (c *Container) settle(to State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Pausing || c.state == Paused {
		c.state = to
	}
}

// Pids returns the host's pids of all processes in the container's cgroup.
func (c *Container) Pids() ([]int, error) {
	return c.libcontainer().Processes()
}

// libcontainer returns libcontainer's value, which is another one once a checkpoint
// is restored.
func (c *Container) libcontainer() *libcontainer.Container {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lc
}

// initGone runs when init has exited and before that is reported: no exec
// starts any more, the rest is killed if the kernel does not do it, and all
// execs' exits are reported.
func (c *Container) initGone() error {
	c.mu.Lock()
	c.initExited = true
	c.mu.Unlock()
	err := c.killOthers()
	c.execs.Wait()
	return err
}

// killOthers kills what is left when init has exited. In a private pid namespace
// the kernel does it; without one, SIGKILL means the whole cgroup.
func (c *Container) killOthers() error {
	if c.privatePID {
		return nil
	}
	err := killAll(c.libcontainer())
	if errors.Is(err, libcontainer.ErrNotRunning) {
		return nil
	}
	return err
}

func (c *Container) destroy(ctx context.Context) error {
	if err := destroyWithHooks(ctx, c.libcontainer()); err != nil {
		return translate(err)
	}
	return os.RemoveAll(stateRoot(c.Bundle))
}
