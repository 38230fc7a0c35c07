package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer/system"
	"golang.org/x/sys/unix"
)

// descendants returns the live threads of a process and of all processes that descend
// from it. The processes must be stopped. A list by cgroup would not do: a checkpoint's
// images may put a process into any cgroup.
func descendants(pid int) ([]int, error) {
	var threads []int
	for pids := []int{pid}; len(pids) > 0; pids = pids[1:] {
		own, err := threadsOf(pids[0])
		if isNoProcess(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, thread := range own {
			children, err := childrenOf(pids[0], thread)
			if err != nil {
				return nil, err
			}
			pids = append(pids, children...)
			if stat, err := system.Stat(thread); err == nil && stat.State != system.Zombie && stat.State != system.Dead {
				threads = append(threads, thread)
			}
		}
	}
	return threads, nil
}

// childrenOf returns the pids of the children of a process's thread. It fails on a kernel
// without CONFIG_PROC_CHILDREN.
func childrenOf(pid, thread int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, thread))
	if err != nil {
		return nil, fmt.Errorf("list the children of a process: %w", err)
	}
	return numbers(string(text))
}

// threadsOf returns the threads of a process.
func threadsOf(pid int) ([]int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return numbers(strings.Join(names, " "))
}

// threadsIn returns the threads in a cgroup and in all cgroups below it.
func threadsIn(folder string) (map[int]bool, error) {
	file := "tasks"
	if cgroups.IsCgroup2UnifiedMode() {
		file = "cgroup.threads"
	}
	all := map[int]bool{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(path, file))
		if err != nil {
			return err
		}
		threads, err := numbers(string(text))
		for _, thread := range threads {
			all[thread] = true
		}
		return err
	})
	return all, err
}

func numbers(text string) ([]int, error) {
	var all []int
	for _, field := range strings.Fields(text) {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func isNoProcess(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) }
