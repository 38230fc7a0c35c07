package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"

	"seccomp-shim/shim/stdio"
)

// libcontainerBackend is the backend by libcontainer.
type libcontainerBackend struct {
	config      Config
	privatePID  bool              // the container has a pid namespace of its own: when init dies, the kernel kills all
	cgroupPaths map[string]string // the cgroup's folders by controller; "" is the unified one

	mu sync.Mutex
	lc *libcontainer.Container // guarded by mu: restore replaces it
}

// newLibcontainerBackend makes the container's folder of state, and nothing in the
// kernel.
func newLibcontainerBackend(cfg Config) (*libcontainerBackend, error) {
	config, err := cfg.libcontainer()
	if err != nil {
		return nil, err
	}
	lc, err := libcontainer.Create(stateRoot(cfg.Bundle), cfg.ID, config)
	if err != nil {
		return nil, translate(err)
	}
	b := &libcontainerBackend{config: cfg, privatePID: config.Namespaces.IsPrivate(configs.NEWPID), lc: lc}
	state, err := lc.State()
	if err != nil {
		return nil, errors.Join(err, b.abandon())
	}
	b.cgroupPaths = state.CgroupPaths
	return b, nil
}

func (b *libcontainerBackend) libcontainer() *libcontainer.Container {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lc
}

func (b *libcontainerBackend) setLibcontainer(lc *libcontainer.Container) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lc = lc
}

func (b *libcontainerBackend) startInit(ctx context.Context, p *Process) (child, error) {
	c, err := newLibcontainerChild(p)
	if err != nil {
		return nil, err
	}
	c.container, c.fifo = b.libcontainer(), execFIFO(b.config)
	c.process.Init = true
	return c, b.start(ctx, c.container, p, c)
}

func (b *libcontainerBackend) startExec(ctx context.Context, p *Process) (child, error) {
	// A value of its own: libcontainer runs one operation at a time on each.
	lc, err := libcontainer.Load(stateRoot(b.config.Bundle), b.config.ID)
	if err != nil {
		return nil, err
	}
	if len(p.spec.Rlimits) == 0 { // as libcontainer would
		p.spec.Rlimits = b.config.Spec.Process.Rlimits
	}
	c, err := newLibcontainerChild(p)
	if err != nil {
		return nil, err
	}
	if c.process.Capabilities == nil {
		c.process.Capabilities = lc.Config().Capabilities // as libcontainer would
	}
	if c.tasks, err = b.openTasks(c.process); err != nil {
		return nil, err
	}
	defer c.closeTasks()
	if len(c.tasks) > 0 {
		setJoinsCgroups(c.process)
	}
	return c, b.start(ctx, lc, p, c)
}

// start starts the process in lc and connects its streams.
func (b *libcontainerBackend) start(ctx context.Context, lc *libcontainer.Container, p *Process, c *libcontainerChild) (err error) {
	if errUnchanged != nil {
		return errUnchanged
	}
	filter := b.config.Filter
	c.process.Capabilities = filter.keepToLoad(p.spec, c.process.Capabilities)
	limits, err := limits(p.spec.Rlimits)
	if err != nil {
		return err
	}
	if c.channel, err = b.config.newChannel(filter.order(c.tasks, limits)); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.channel.Close()
		}
	}()
	c.process.ExtraFiles = []*os.File{c.channel.Inner} // the first extra file is load.FD
	if filter.asksAgent() {
		p.streams.KeepStderr() // see followExecve
	}
	console, err := connectStreams(c.process, p)
	if err != nil {
		return err
	}
	defer console.Close()
	if err := startOrReap(ctx, c, func() error { return lc.Start(c.process) }); err != nil {
		return err
	}
	c.channel.Started()
	if err := b.config.begin(p, c); err != nil {
		_, killErr := terminate(c)
		return errors.Join(err, killErr)
	}
	if err := startStreams(p.streams, console); err != nil {
		_, killErr := terminate(c)
		return errors.Join(err, killErr)
	}
	return nil
}

// connectStreams gives a process its streams. A process with a terminal gets the socket
// by which it sends the terminal, which connectStreams returns; otherwise it returns nil.
func connectStreams(lp *libcontainer.Process, p *Process) (*stdio.ConsoleSocket, error) {
	if !p.spec.Terminal {
		connect(lp, p.streams)
		return nil, nil
	}
	console, err := stdio.NewConsoleSocket()
	if err != nil {
		return nil, err
	}
	lp.ConsoleSocket = console.Child
	return console, nil
}

// connect sets the streams that are not nil: libcontainer takes a nil interface for
// /dev/null, and a nil *os.File in an io.Reader is not a nil interface.
func connect(lp *libcontainer.Process, s *stdio.IO) {
	if s.Stdin != nil {
		lp.Stdin = s.Stdin
	}
	if s.Stdout != nil {
		lp.Stdout = s.Stdout
	}
	if s.Stderr != nil {
		lp.Stderr = s.Stderr
	}
}

// startStreams begins to copy, with the terminal that came through console if there is
// one.
func startStreams(streams *stdio.IO, console *stdio.ConsoleSocket) error {
	if console == nil {
		return streams.Start(nil)
	}
	pty, err := console.Receive()
	if err != nil {
		return err
	}
	return streams.Start(pty)
}

func (b *libcontainerBackend) cgroup(init int) cgroup { return loadCgroup(b.libcontainer(), init) }

func (b *libcontainerBackend) processes() ([]int, error) { return b.libcontainer().Processes() }

func (b *libcontainerBackend) pause() error { return b.libcontainer().Pause() }

func (b *libcontainerBackend) resume() error { return b.libcontainer().Resume() }

// killOthers implements backend. In a pid namespace of the container's own the kernel
// kills all processes; otherwise killOthers kills those in the cgroup.
func (b *libcontainerBackend) killOthers() error {
	if b.privatePID {
		return nil
	}
	err := killAll(b.libcontainer())
	if errors.Is(err, libcontainer.ErrNotRunning) {
		return nil
	}
	return err
}

func (b *libcontainerBackend) destroy(ctx context.Context) error {
	if err := destroyWithHooks(ctx, b.libcontainer()); err != nil {
		return translate(err)
	}
	return os.RemoveAll(stateRoot(b.config.Bundle))
}

// abandon removes what libcontainer has made of a container whose init could not be
// launched. Processes that were to enter the container may have joined its cgroup.
func (b *libcontainerBackend) abandon() error {
	bundle := b.config.Bundle
	if err := errors.Join(removeUnfinished(bundle), b.libcontainer().Destroy()); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return os.RemoveAll(stateRoot(bundle))
}
