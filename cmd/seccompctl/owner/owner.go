// Package owner finds the container that a process of the node belongs to: by the process's
// cgroup, and the cgroupsPath in the specs of containerd's containers.
package owner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// A Container is a container of the node.
type Container struct {
	Namespace string       `json:"namespace"`
	ID        string       `json:"id"`
	Pod       *denials.Pod `json:"pod,omitempty"`
}

// Name returns the container's name for people.
func (c *Container) Name() string { return denials.NameOf(c.ID, c.Pod) }

// DefaultState is containerd's folder of its running containers' bundles.
const DefaultState = "/run/containerd"

// A Finder finds containers. It is not for concurrent use.
type Finder struct {
	Proc  string // where procfs is mounted
	State string // containerd's option state
	known map[string]bundle
	seen  map[int]Container // processes that have been found, which may have ended since
}

// Reasons why there is no container.
var (
	ErrEnded = errors.New("the process has ended")
	ErrNone  = errors.New("the process is in no container of containerd")
)

// mostSeen bounds the processes that are remembered.
const mostSeen = 4096

// Find returns the container of a process that was there at a time.
func (f *Finder) Find(pid int, at time.Time) (*Container, error) {
	paths, err := f.cgroups(pid, at)
	if errors.Is(err, ErrEnded) {
		if c, ok := f.seen[pid]; ok {
			return &c, nil
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := f.containerOf(paths)
	if err != nil {
		return nil, err
	}
	if f.seen == nil || len(f.seen) >= mostSeen {
		f.seen = map[int]Container{}
	}
	f.seen[pid] = *c
	return c, nil
}

// cgroups returns the paths of a process's cgroups. A later process may have the same pid.
func (f *Finder) cgroups(pid int, at time.Time) (paths []string, _ error) {
	byHierarchy := audit.Cgroups(f.Proc, pid)
	if len(byHierarchy) == 0 {
		return nil, ErrEnded // ESRCH or ENOENT
	}
	began, err := f.began(filepath.Join(f.Proc, fmt.Sprint(pid)))
	if err != nil {
		return nil, ErrEnded
	}
	const slack = time.Second // the start is known in hundredths of a second, and boot in seconds
	if began.After(at.Add(slack)) {
		delete(f.seen, pid)
		return nil, ErrEnded
	}
	return slices.Collect(maps.Values(byHierarchy)), nil
}

// containerOf returns the container whose cgroup is at or above one of the paths. The specs
// are the host's, so no container can claim the cgroup of another one.
func (f *Finder) containerOf(paths []string) (*Container, error) {
	if err := f.readBundles(); err != nil {
		return nil, err
	}
	var found *Container
	longest := 0
	for _, b := range f.known {
		for _, path := range paths {
			if b.holds(path) && len(b.cgroup) > longest {
				longest, found = len(b.cgroup), &b.Container
			}
		}
	}
	if found == nil {
		return nil, ErrNone
	}
	return found, nil
}

// A bundle is what a container's config.json says.
type bundle struct {
	Container
	cgroup  string // cgroupsPath, or the name of systemd's scope
	isScope bool
	changed time.Time
}

func (b bundle) holds(path string) bool {
	if b.isScope {
		return strings.Contains(path+"/", "/"+b.cgroup+"/")
	}
	// Below the path is what the container has made itself, above it what is around containerd.
	return strings.HasPrefix(path+"/", b.cgroup+"/")
}

// specFile is the OCI spec of a bundle's container (OCI runtime spec, bundle.md).
const specFile = "config.json"

// Bundles returns the folders of the containers that containerd has, sorted. state is its folder
// of running containers.
func Bundles(state string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(state, "io.containerd.runtime.v2.task", "*", "*", specFile))
	for i, file := range files {
		files[i] = filepath.Dir(file)
	}
	return files, err
}

// readBundles reads the specs that are new.
func (f *Finder) readBundles() error {
	dirs, err := Bundles(f.State)
	if err != nil {
		return err
	}
	now := make(map[string]bundle, len(dirs))
	for _, dir := range dirs {
		file := filepath.Join(dir, specFile)
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		b, ok := f.known[file]
		if !ok || !b.changed.Equal(info.ModTime()) {
			if b, err = readBundle(file); err != nil {
				continue // removed meanwhile, or not yet whole
			}
			b.changed = info.ModTime()
		}
		now[file] = b
	}
	f.known = now
	return nil
}

func readBundle(file string) (b bundle, _ error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return b, err
	}
	var spec struct {
		Annotations map[string]string
		Linux       struct{ CgroupsPath string }
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		return b, err
	}
	dir := filepath.Dir(file)
	b.ID, b.Namespace = filepath.Base(dir), filepath.Base(filepath.Dir(dir))
	b.Pod = denials.PodOf(spec.Annotations)
	b.cgroup = spec.Linux.CgroupsPath
	if parts := strings.Split(b.cgroup, ":"); len(parts) == 3 && !strings.Contains(b.cgroup, "/") { // slice:prefix:name
		b.cgroup, b.isScope = parts[1]+"-"+parts[2]+".scope", true
		return b, nil
	}
	if b.cgroup = filepath.Clean("/" + b.cgroup); b.cgroup == "/" {
		return b, errors.New("no cgroup of its own")
	}
	return b, nil
}

// ContainerIn returns the container of a bundle.
func ContainerIn(dir string) (*Container, error) {
	b, err := readBundle(filepath.Join(dir, specFile))
	if b.ID == "" {
		return nil, err
	}
	return &b.Container, nil
}
