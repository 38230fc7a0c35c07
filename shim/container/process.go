package container

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/load"
	"seccomp-shim/shim/stdio"
)

// Process is a container's init or a process exec'd in it.
type Process struct {
	ID        string // exec ID; empty for init
	Container *Container

	spec    *specs.Process
	streams *stdio.IO
	exited  chan struct{} // closed when the exit has been recorded, or none will come
	dead    chan struct{} // closed when the kernel process has ended, before it is reaped; lastStanding holds how far it came
	gone    chan struct{} // closed when it has been reaped; death holds how it ended
	death   Exit

	lastStanding load.Standing

	// gate orders Start, the report of the exit, and Delete. It guards started.
	gate    sync.Mutex
	started bool

	// channel is what tells that the user's program runs; set by launch.
	channel  *load.Channel
	followed chan struct{} // closed when followExecve has ended; nil if it is not called

	mu     sync.Mutex
	launch *launch // while libcontainer starts the process
	lp     *libcontainer.Process
	pid    int
	state  State // of an exec; the init's is the container's
	exit   Exit
}

func newProcess(c *Container, id string, spec *specs.Process, streams *stdio.IO) *Process {
	return &Process{
		ID:        id,
		Container: c,
		spec:      spec,
		streams:   streams,
		exited:    make(chan struct{}),
		dead:      make(chan struct{}),
		gone:      make(chan struct{}),
	}
}

func (p *Process) isInit() bool { return p.ID == "" }

// connectStreams gives a process its streams, or the socket by which it hands
// over its terminal. Without a terminal there is no socket: it is nil.
func (p *Process) connectStreams(lp *libcontainer.Process) (*stdio.ConsoleSocket, error) {
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

// connect hands the streams over. A nil *os.File in an io.Reader would not be a
// nil interface, which is what means /dev/null.
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

func (p *Process) startStreams(console *stdio.ConsoleSocket) error {
	if console == nil {
		return p.streams.Start(nil)
	}
	pty, err := console.Receive()
	if err != nil {
		return err
	}
	return p.streams.Start(pty)
}

// watch waits for the process to end and reports it. It is the only waiter.
func (p *Process) watch() {
	p.awaitDeath()
	state, err := p.lp.Wait()
	p.death = Exit{Pid: p.pid, Status: status(state, err), At: time.Now()}
	p.Container.oom.check() // at once: systemd may remove the cgroup
	close(p.gone)
	if p.isInit() {
		if err := p.Container.initGone(); err != nil {
			logrus.WithError(err).WithField("container_id", p.Container.ID).Error("failed to kill the processes that init left")
		}
	}
	p.awaitComplaint()
	p.streams.Exited()
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.isInit() {
		p.Container.oom.close()
	}
	p.finish(p.death)
	p.Container.events.Exited(p, p.death)
	if !p.isInit() {
		p.Container.execs.Done()
	}
}

// awaitDeath returns when the process has ended and is still a zombie.
func (p *Process) awaitDeath() {
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break // if it cannot be waited for, Wait will say so
		}
	}
	p.lastStanding, _ = load.StandingOf(p.pid)
	close(p.dead)
}

// awaitComplaint returns when what there is to say of the process has been said.
func (p *Process) awaitComplaint() {
	p.gate.Lock() // which Start holds
	followed := p.followed
	p.gate.Unlock()
	if followed != nil {
		<-followed
	}
}

// finish records the end and wakes those who wait for it.
func (p *Process) finish(exit Exit) {
	p.mu.Lock()
	p.exit = exit
	p.mu.Unlock()
	p.setState(Stopped)
	close(p.exited)
}

// status is the exit status by the convention of shells and containerd.
func status(state *os.ProcessState, err error) int {
	if state == nil {
		logrus.WithError(err).Error("failed to wait for a container process")
		return 255
	}
	ws := state.Sys().(syscall.WaitStatus)
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// Pid returns the host's pid, or 0 before the process was launched.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// State returns the process's state. A running exec of a paused container is paused.
func (p *Process) State() State {
	own := p.ownState()
	if container := p.Container.State(); own == Running && (container == Pausing || container == Paused) {
		return container
	}
	return own
}

func (p *Process) ownState() State {
	if p.isInit() {
		return p.Container.State()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *Process) setState(s State) {
	mu, state := &p.mu, &p.state
	if p.isInit() {
		mu, state = &p.Container.mu, &p.Container.state
	}
	mu.Lock()
	*state = s
	mu.Unlock()
}

// StdioOwner returns who owns the streams of a process exec'd beside this one.
func (p *Process) StdioOwner(execID string) stdio.Owner {
	owner := p.streams.Owner()
	owner.ID = execID
	return owner
}

// Streams returns the client's names of the process's streams.
func (p *Process) Streams() stdio.Streams { return p.streams.Streams() }

// Exit returns how the process ended; zero while it has not.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// Wait returns when the exit has been reported, or with the context's error.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.exited:
		return p.Exit(), nil
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// CloseStdin ends the process's stdin once the client has closed its end.
func (p *Process) CloseStdin() { p.streams.CloseStdin() }

// Resize sets the size of the process's terminal, in characters.
func (p *Process) Resize(width, height uint16) error {
	if err := check(OpResize, p.State()); err != nil {
		return err
	}
	return p.streams.Resize(width, height)
}
