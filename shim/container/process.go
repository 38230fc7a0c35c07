package container

import (
	"context"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/shim/stdio"
)

// Process is a container's init or a process exec'd in it.
type Process struct {
	ID        string // exec ID; empty for init
	Container *Container

	spec    *specs.Process
	streams *stdio.IO

	exited chan struct{} // closed when exit is recorded
	gone   chan struct{} // closed when the process has been reaped; never if the launch failed
	death  Exit          // written before gone is closed, read after; after a failed restore guarded by gate

	// gate serializes Start, the report of the exit, and Delete.
	gate     sync.Mutex
	started  bool          // guarded by gate; an init's Started was reported
	followed chan struct{} // guarded by gate; closed when followExecve has returned, nil if it is not called

	mu        sync.Mutex
	endLaunch context.CancelCauseFunc // guarded by mu; nil unless a launch is under way
	child     child                   // guarded by mu; nil until the launch has succeeded
	state     State                   // guarded by mu; an init's is the container's
	exit      Exit                    // guarded by mu; zero until exited is closed
}

// Spec returns what the process was asked to be. Nothing changes it.
func (p *Process) Spec() *specs.Process { return p.spec }

func newProcess(c *Container, id string, spec *specs.Process, streams *stdio.IO) *Process {
	return &Process{
		ID:        id,
		Container: c,
		spec:      spec,
		streams:   streams,
		exited:    make(chan struct{}),
		gone:      make(chan struct{}),
	}
}

func (p *Process) isInit() bool { return p.ID == "" }

// Pid returns the host's pid, or 0 before the process is launched.
func (p *Process) Pid() int {
	if child := p.launchedChild(); child != nil {
		return child.pid()
	}
	return 0
}

// launchedChild returns nil before the process is launched.
func (p *Process) launchedChild() child {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.child
}

// State returns the process's state. A running exec of a paused container is paused.
func (p *Process) State() State {
	own := p.ownState()
	if container := p.Container.State(); own == Running && (container == Pausing || container == Paused) {
		return container
	}
	return own
}

// ownState returns the state without regard to a pause of the container.
func (p *Process) ownState() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *Process) setState(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = s
}

// StdioOwner returns the owner of the streams of a process exec'd beside this one.
func (p *Process) StdioOwner(execID string) stdio.Owner {
	owner := p.streams.Owner()
	owner.ID = execID
	return owner
}

// Streams returns the client's names of the process's streams.
func (p *Process) Streams() stdio.Streams { return p.streams.Streams() }

// CloseStdin ends the process's stdin once the client has closed its end.
func (p *Process) CloseStdin() { p.streams.CloseStdin() }

// Resize sets the size of the process's terminal, in characters.
func (p *Process) Resize(width, height uint16) error {
	if err := check(OpResize, p.State()); err != nil {
		return err
	}
	return p.streams.Resize(width, height)
}
