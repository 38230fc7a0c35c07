package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Cgroups returns the cgroups of a process, by which the container of a record is found: the
// paths by hierarchy, from the lines "ID:controllers:path" of its cgroup file (cgroups(7)). proc
// is where procfs is mounted. A process that has ended has them until its parent has waited
// for it.
func Cgroups(proc string, pid int) map[string]string {
	text, err := os.ReadFile(filepath.Join(proc, fmt.Sprint(pid), "cgroup"))
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(parts) == 3 {
			all[parts[0]+":"+parts[1]] = parts[2]
		}
	}
	return all
}
