package container

import (
	"fmt"
	"sync"

	"github.com/opencontainers/runc/libcontainer"

	"seccomp-shim/mistake"
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

func (c *Container) setLibcontainer(lc *libcontainer.Container) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lc = lc
}
