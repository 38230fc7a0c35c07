package container

import (
	"errors"
	"fmt"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	// Gives libcontainer's cgroup managers their device rules; without it they
	// refuse every container.
	_ "github.com/opencontainers/cgroups/devices"
	"github.com/sirupsen/logrus"
	"google.golang.org/protobuf/proto"
)

// cgroup reads a container's metrics, in the form that containerd's clients
// expect of the host's cgroup version.
type cgroup interface {
	// stats returns io.containerd.cgroups.v1.Metrics or v2.Metrics.
	stats() (proto.Message, error)
}

// Stats returns the container's metrics: io.containerd.cgroups.v1.Metrics or
// io.containerd.cgroups.v2.Metrics.
func (c *Container) Stats() (proto.Message, error) {
	if c.cgroup == nil {
		return nil, fmt.Errorf("cgroup: %w", ErrNotFound)
	}
	return c.cgroup.stats()
}

// loadCgroup finds the cgroup of a process. A container without one runs all
// the same, but has no metrics.
func loadCgroup(pid int) cgroup {
	cg, err := cgroupOf(pid)
	if err != nil {
		logrus.WithError(err).WithField("pid", pid).Error("failed to find the cgroup of a container")
		return nil
	}
	return cg
}

func cgroupOf(pid int) (cgroup, error) {
	if cgroups.Mode() != cgroups.Unified {
		cg, err := cgroup1.Load(cgroup1.PidPath(pid))
		return v1{cg}, err
	}
	path, err := cgroup2.PidGroupPath(pid)
	if err != nil {
		return nil, err
	}
	cg, err := cgroup2.Load(path)
	return v2{cg}, err
}

type v1 struct{ cgroup1.Cgroup }

func (g v1) stats() (proto.Message, error) {
	s, err := g.Stat(cgroup1.IgnoreNotExist)
	if errors.Is(err, cgroup1.ErrCgroupDeleted) {
		return nil, fmt.Errorf("cgroup: %w", ErrNotFound)
	}
	return s, err
}

type v2 struct{ *cgroup2.Manager }

func (g v2) stats() (proto.Message, error) { return g.Stat() }
