package observe

import (
	"strings"

	"seccomp-shim/seccomp/audit"
)

// cgroups are the cgroups of a process by hierarchy.
type cgroups map[string]string

func cgroupsOf(pid int) cgroups { return audit.Cgroups("/proc", pid) }

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
