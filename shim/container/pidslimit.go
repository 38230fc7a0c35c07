package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pidsLimit finds out whether a start has hit the pids limit of its container. On cgroup v2
// the process is in the cgroup before the Go runtime has all its threads, and the Go runtime
// ends a process that cannot have a thread. The shim sees only that the process has ended.
type pidsLimit struct {
	folder string // of the cgroup; empty without such a limit
	hits   uint64 // how often the kernel had refused a process or thread before the start
}

// newPidsLimit is called before a start.
func newPidsLimit(cgroups map[string]string) pidsLimit {
	w := pidsLimit{folder: cgroups["pids"]}
	if w.folder == "" {
		w.folder = cgroups[""]
	}
	w.hits = w.read()
	return w
}

// explain adds the limit to the error of a start that it has hit.
func (w pidsLimit) explain(err error) error {
	if err == nil || w.folder == "" || w.read() <= w.hits {
		return err
	}
	limit, _ := os.ReadFile(filepath.Join(w.folder, "pids.max")) // if not, the rest is as true
	return fmt.Errorf("%w: the container's pids limit (pids.max %s) leaves no room for the threads that the start needs", err, strings.TrimSpace(string(limit)))
}

// read returns "max" of pids.events (Documentation/admin-guide/cgroup-v2.rst, PID).
func (w pidsLimit) read() uint64 {
	text, _ := os.ReadFile(filepath.Join(w.folder, "pids.events"))
	_, rest, _ := strings.Cut("\n"+string(text), "\nmax ")
	count, _, _ := strings.Cut(rest, "\n")
	hits, _ := strconv.ParseUint(count, 10, 64) // a kernel before 4.8 counts nothing
	return hits
}
