package container

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"

	// Gives libcontainer's cgroup managers their device rules. Without this import they
	// refuse every container.
	_ "github.com/opencontainers/cgroups/devices"
	"github.com/opencontainers/runc/libcontainer"
	"github.com/sirupsen/logrus"
	"google.golang.org/protobuf/proto"
)

// cgroup reads a container's metrics, in the form that containerd's clients expect for
// the host's cgroup version.
type cgroup interface {
	// stats returns io.containerd.cgroups.v1.Metrics or v2.Metrics.
	stats() (proto.Message, error)
}

// Stats returns the container's metrics, io.containerd.cgroups.v1.Metrics or
// io.containerd.cgroups.v2.Metrics, or ErrNotFound if it has no cgroup.
func (c *Container) Stats() (proto.Message, error) {
	c.mu.Lock()
	cgroup := c.cgroup
	c.mu.Unlock()
	if cgroup == nil {
		return nil, fmt.Errorf("cgroup: %w", ErrNotFound)
	}
	return cgroup.stats()
}

// findCgroup finds the cgroup of a container whose init is alive.
func (c *Container) findCgroup() {
	cgroup := c.backend.cgroup(c.init.Pid())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cgroup = cgroup
}

// loadCgroup finds the cgroup of a container whose init is alive. On error it returns nil:
// the container runs without metrics.
func loadCgroup(lc *libcontainer.Container, init int) cgroup {
	cg, err := cgroupOf(lc, init)
	if err != nil {
		logrus.WithError(err).WithField("pid", init).Error("failed to find the cgroup of a container")
		return nil
	}
	return cg
}

func cgroupOf(lc *libcontainer.Container, init int) (cgroup, error) {
	if cgroups.Mode() != cgroups.Unified {
		state, err := lc.State()
		if err != nil {
			return nil, err
		}
		cg, err := cgroup1.Load(v1Path(state.CgroupPaths))
		return v1{cg}, err
	}
	path, err := cgroup2.PidGroupPath(init)
	if err != nil {
		return nil, err
	}
	cg, err := cgroup2.Load(path)
	return v2{cg}, err
}

// v1Path gives containerd's cgroup library the folders that libcontainer has made. The
// library's own search by a pid fails for all controllers if one of them is not mounted.
func v1Path(folders map[string]string) cgroup1.Path {
	const root = "/sys/fs/cgroup"
	return func(controller cgroup1.Name) (string, error) {
		folder, ok := folders[string(controller)]
		if !ok {
			return "", cgroup1.ErrControllerNotActive
		}
		return filepath.Rel(filepath.Join(root, string(controller)), folder)
	}
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
