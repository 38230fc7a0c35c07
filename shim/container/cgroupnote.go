package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/manager"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/poll"
)

// cgroupNote is the path of a file that names the container's cgroup. libcontainer writes
// its state when it has made the cgroup and the init. A shim that is killed before that
// leaves both, and no state that names them. The note is written first.
func cgroupNote(bundle string) string {
	return filepath.Join(stateRoot(bundle), "cgroup.json")
}

func noteCgroup(bundle string, cgroup *cgroups.Cgroup) error {
	text, err := json.Marshal(cgroup)
	if err != nil {
		return err
	}
	return os.WriteFile(cgroupNote(bundle), text, 0o600)
}

// removeUnfinished removes the noted cgroup and its processes, which a shim leaves if it
// is killed while it creates the bundle's container.
func removeUnfinished(bundle string) error {
	text, err := os.ReadFile(cgroupNote(bundle))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(text) == 0 {
		return nil // killed before the note was written: there is no cgroup
	}
	if err != nil {
		return err
	}
	cgroup := &cgroups.Cgroup{}
	if err := json.Unmarshal(text, cgroup); err != nil {
		return fmt.Errorf("read %s: %w", cgroupNote(bundle), err)
	}
	// Only the paths are needed; the manager may refuse a limit.
	cgroup.Resources = &cgroups.Resources{}
	m, err := manager.New(cgroup)
	if err != nil {
		return err
	}
	return emptyAndDestroy(m, 5*time.Second)
}

// emptyAndDestroy removes a cgroup, and kills the processes in it until none is left. On
// cgroup v1 a process may have joined some of the hierarchies only, and no event says
// that a cgroup is empty.
func emptyAndDestroy(m cgroups.Manager, limit time.Duration) error {
	var err error
	left := 0
	if poll.Until(10*time.Millisecond, limit, func() bool {
		left = 0
		for _, path := range m.GetPaths() {
			pids, _ := cgroups.GetAllPids(path) // it may not have been made
			for _, pid := range pids {
				left++
				_ = unix.Kill(pid, unix.SIGKILL) // it may have ended by now
			}
		}
		if left > 0 {
			return false
		}
		err = m.Destroy()
		return err == nil
	}) {
		return nil
	}
	return errors.Join(err, fmt.Errorf("%d processes survive SIGKILL for %s", left, limit))
}
