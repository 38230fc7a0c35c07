package shim

import (
	"fmt"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
)

// joinCgroup moves a shim into the cgroup that the option ShimCgroup names, a path
// from the root of the hierarchies, so that the node can account for its shims.
// The cgroup is there already; a shim that could not join it is not started.
func joinCgroup(path string, pid int) error {
	if path == "" {
		return nil
	}
	if err := addProcess(path, pid); err != nil {
		return fmt.Errorf("option ShimCgroup: %q: %w", path, err)
	}
	return nil
}

func addProcess(path string, pid int) error {
	if cgroups.Mode() == cgroups.Unified {
		cg, err := cgroup2.Load(path)
		if err != nil {
			return err
		}
		return cg.AddProc(uint64(pid))
	}
	cg, err := cgroup1.Load(cgroup1.StaticPath(path))
	if err != nil {
		return err
	}
	return cg.AddProc(uint64(pid))
}
