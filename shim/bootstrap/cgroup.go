package bootstrap

import (
	"fmt"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
)

// joinCgroup moves a shim into the cgroup of the option ShimCgroup, so that the node can
// account for its shims. path starts at the root of the hierarchies; the cgroup must
// exist.
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
