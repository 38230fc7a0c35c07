package observe

import (
	"fmt"
	"os"
	"strings"
)

// cgroups are the cgroups of a process by hierarchy: the lines of /proc/PID/cgroup, which are
// "ID:controllers:path" (cgroups(7)).
type cgroups map[string]string

// cgroupsOf returns a process's cgroups. A process that has ended has them until its parent
// has waited for it.
func cgroupsOf(pid int) cgroups {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil
	}
	all := cgroups{}
	for line := range strings.Lines(string(text)) {
		if parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(parts) == 3 {
			all[parts[0]+":"+parts[1]] = parts[2]
		}
	}
	return all
}

// without returns the cgroups that are not at or above one of others.
func (c cgroups) without(others cgroups) cgroups {
	own := cgroups{}
	for hierarchy, path := range c {
		if !isBelow(others[hierarchy], path) {
			own[hierarchy] = path
		}
	}
	return own
}

// hold reports whether a process's cgroups are these, or below them.
func (c cgroups) hold(process cgroups) bool {
	for hierarchy, path := range c {
		if !isBelow(process[hierarchy], path) {
			return false
		}
	}
	return len(c) > 0
}

// isBelow reports whether a path is a folder or in it.
func isBelow(path, folder string) bool {
	return strings.HasPrefix(strings.TrimSuffix(path, "/")+"/", strings.TrimSuffix(folder, "/")+"/")
}
