package testbed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	killTimeout  = 5 * time.Second
	killInterval = 10 * time.Millisecond
)

// process is a process as /proc shows it.
type process struct {
	pid, parent int
	state       string
	comm        string
	args        []string
	cwd         string
	cgroups     string // the lines of /proc/<pid>/cgroup
	rootMount   string // the source of its root mount
}

func (p process) String() string {
	name := strings.Join(p.args, " ")
	if name == "" { // a zombie, or before its first execve
		name = "[" + p.comm + "]"
	}
	return fmt.Sprintf("process %d (%s): %s", p.pid, p.state, name)
}

// processes returns the processes of the container id and of its shim. With an empty id it
// returns all processes of the node except containerd.
//
// A process belongs to the node if it is a shim with the node's address in its
// arguments, if its working directory is in a bundle, or if its root is in the node's
// folder (a container without its shim). It belongs to the container if also the id is
// in its arguments, its working directory or its cgroup. The children of such processes
// belong to them.
func (n *Node) processes(id string) []process {
	all := allProcesses()
	found := map[int]bool{}
	for _, p := range all {
		if n.ownsProcess(p) && (id == "" || p.serves(id)) {
			found[p.pid] = true
		}
	}
	for grew := true; grew; {
		grew = false
		for _, p := range all {
			if found[p.parent] && !found[p.pid] {
				found[p.pid], grew = true, true
			}
		}
	}
	return slices.DeleteFunc(all, func(p process) bool { return !found[p.pid] })
}

func (n *Node) ownsProcess(p process) bool {
	isShim := slices.Contains(p.args, n.Address())
	inBundle := slices.ContainsFunc(n.bundleRoots(), func(root string) bool {
		return strings.HasPrefix(p.cwd, root+"/")
	})
	// Only the last part of the folder's path is compared: if /tmp is a file system of
	// its own, the path that the kernel shows does not have it.
	hasRoot := strings.Contains(p.rootMount, "/"+filepath.Base(n.dir)+"/")
	return isShim || inBundle || hasRoot
}

func (p process) serves(id string) bool {
	inCgroup := func(name string) bool { return name == id || isScope(name, id) }
	return slices.Contains(p.args, id) ||
		slices.Contains(strings.Split(p.cwd, "/"), id) ||
		slices.ContainsFunc(strings.FieldsFunc(p.cgroups, isPathEnd), inCgroup)
}

func isPathEnd(r rune) bool { return r == '/' || r == '\n' }

// allProcesses reads /proc. It leaves out processes that exit meanwhile.
func allProcesses() []process {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // no bad pattern
	var found []process
	for _, dir := range dirs {
		if p, err := readProcess(dir); err == nil {
			found = append(found, p)
		}
	}
	return found
}

func readProcess(dir string) (process, error) {
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return process{}, err
	}
	p, err := parseStat(string(stat))
	if err != nil {
		return process{}, err
	}
	// These files are empty for a zombie.
	args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	p.args = strings.FieldsFunc(string(args), func(r rune) bool { return r == 0 })
	p.cwd, _ = os.Readlink(filepath.Join(dir, "cwd"))
	cgroups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
	p.cgroups = string(cgroups)
	mountinfo, _ := os.ReadFile(filepath.Join(dir, "mountinfo"))
	for _, m := range parseMounts(string(mountinfo)) {
		if m.point == "/" {
			p.rootMount = m.root + "/ " + m.extra
		}
	}
	return p, nil
}

// parseStat reads the beginning of /proc/<pid>/stat: pid, (name), state and parent. The
// name may contain spaces and parentheses.
func parseStat(stat string) (process, error) {
	open, end := strings.Index(stat, "("), strings.LastIndex(stat, ")")
	if open < 0 || end < open {
		return process{}, fmt.Errorf("parse stat %q: no name", stat)
	}
	rest := strings.Fields(stat[end+1:])
	if len(rest) < 2 {
		return process{}, fmt.Errorf("parse stat %q: no parent", stat)
	}
	pid, errPid := strconv.Atoi(strings.TrimSpace(stat[:open]))
	parent, errParent := strconv.Atoi(rest[1])
	return process{pid: pid, parent: parent, state: rest[0], comm: stat[open+1 : end]},
		errors.Join(errPid, errParent)
}

// killProcesses kills the node's processes until none is left. New ones may appear:
// children of a killed shim, or a clean-up that containerd had begun.
func (n *Node) killProcesses() error {
	for deadline := time.Now().Add(killTimeout); ; time.Sleep(killInterval) {
		left := n.processes("")
		// A zombie has ended. Its parent, which is another program, reaps it.
		left = slices.DeleteFunc(left, func(p process) bool { return p.state == "Z" })
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("kill %v: still there after %v", left, killTimeout)
		}
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have exited
		}
	}
}
