package container

import (
	"fmt"
	"sync"

	"seccomp-shim/mistake"
)

// Container is a created container with its processes.
type Container struct {
	ID     string
	Bundle string

	config      Config
	backend     backend
	events      Events
	oom         *oomWatch         // nil without a memory cgroup
	cgroupPaths map[string]string // the cgroup's folders by controller; "" is the unified one
	init        *Process

	// execs counts exec'd processes that were admitted and whose exit has not been
	// reported. It is raised under mu, and not once initExited is set.
	execs sync.WaitGroup

	// updates serializes Update.
	updates sync.Mutex

	mu         sync.Mutex
	cgroup     cgroup              // guarded by mu; nil until a live init has one
	processes  map[string]*Process // guarded by mu; exec'd processes by exec ID
	initExited bool                // guarded by mu; no exec starts any more
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
func (c *Container) State() State { return c.init.ownState() }

// Pids returns the host's pids of all processes in the container's cgroup.
func (c *Container) Pids() ([]int, error) { return c.backend.processes() }
