package container

import (
	"errors"
	"os"
	"strings"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
)

// openTasks opens the tasks files of the container's cgroups, for an exec that joins them
// in its last act: see package load. There are none on cgroup v2.
//
// A process with CPU affinities joins as libcontainer does: they are set after the cpuset
// of the container, which would replace them.
func (b *libcontainerBackend) openTasks(p *libcontainer.Process) (files []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(files)
		}
	}()
	if p.CPUAffinity != nil {
		return nil, nil
	}
	// Controllers that are mounted together share a folder.
	opened := map[string]bool{b.cgroupPaths[""]: true} // the unified hierarchy has no tasks files
	for controller, folder := range b.cgroupPaths {
		if opened[folder] {
			continue
		}
		opened[folder] = true
		file, err := cgroups.OpenFile(folder, "tasks", os.O_WRONLY)
		if errors.Is(err, os.ErrNotExist) && isOptional(controller) {
			continue
		}
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

// isOptional reports whether a hierarchy limits nothing, so that libcontainer goes on if
// it cannot make the cgroup there.
func isOptional(controller string) bool {
	return controller == "misc" || strings.HasPrefix(controller, "name=")
}

func (c *libcontainerChild) closeTasks() { closeAll(c.tasks) }

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
