package container

import (
	"os"

	"github.com/opencontainers/runc/libcontainer"
)

// openTasks opens the tasks files of the container's cgroups, for an exec that joins them
// in its last act: see package load. There are none on cgroup v2.
//
// A process with CPU affinities joins as libcontainer does: they are set after the cpuset
// of the container, which would replace them.
func (b *libcontainerBackend) openTasks(p *libcontainer.Process) ([]*os.File, error) {
	if p.CPUAffinity != nil {
		return nil, nil
	}
	return openTasksIn(b.cgroupPaths)
}

func (c *libcontainerChild) closeTasks() {
	for _, f := range c.tasks {
		f.Close()
	}
}
