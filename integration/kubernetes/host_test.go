package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cgroupName is the cgroup of all pods, in each hierarchy.
const cgroupName = "seccomp-shim-e2e"

// kernelFlags are the settings that the kubelet changes at its start.
var kernelFlags = []string{
	"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops",
	"/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/kernel/keys/root_maxbytes",
}

// host lists what the tests could leave on the host. Processes and network devices are
// in namespaces that end with the tests.
type host []string

// lookAtHost fails if the tests' cgroup exists: another run uses it, or was killed.
func lookAtHost() (host, error) {
	found, err := cgroups()
	if err != nil {
		return nil, err
	}
	for _, path := range found {
		if _, err := os.Stat(path); err == nil {
			return nil, fmt.Errorf("%s is there: do these tests run already? If they have been killed: "+
				"find /sys/fs/cgroup -depth -type d -path '*/%s*' -exec rmdir {} +", path, cgroupName)
		}
	}
	return traces(), nil
}

// compare removes the cgroups, and returns an error that lists what is left.
func (h host) compare() error {
	var errs []error
	for _, trace := range traces() {
		if !slices.Contains(h, trace) {
			errs = append(errs, fmt.Errorf("left behind on the host: %s", trace))
		}
	}
	found, err := cgroups()
	errs = append(errs, err)
	for _, path := range found {
		if _, err := os.Stat(path); err == nil {
			errs = append(errs, fmt.Errorf("left behind on the host, and now removed: %s", path), removeFolders(path))
		}
	}
	return errors.Join(errs...)
}

// traces returns the files in the default folders of the kubelet, containerd and CNI
// plugins, the mounts there, and the kernel's settings.
func traces() []string {
	var found []string
	for _, place := range []string{
		"/etc/cni", "/opt/cni", "/opt/containerd", "/usr/libexec/kubernetes", "/var/log/pods", "/var/log/containers",
		"/var/lib/kubelet", "/var/lib/cni", "/var/lib/etcd", certificates, "/run/node-*", "/run/cni*", containerdSocket,
	} {
		paths, _ := filepath.Glob(place) // no bad pattern
		found = append(found, paths...)
	}
	for _, mount := range mounts() {
		if strings.HasPrefix(mount, "/run/") || strings.HasPrefix(mount, "/var/") {
			found = append(found, "mount "+mount)
		}
	}
	for _, flag := range kernelFlags {
		value, err := os.ReadFile(flag)
		found = append(found, fmt.Sprintf("%s %q %v", flag, value, err))
	}
	return found
}

// mounts returns the mount points of this namespace.
func mounts() []string {
	var found []string
	data, _ := os.ReadFile("/proc/self/mountinfo") // always readable
	for line := range strings.Lines(string(data)) {
		found = append(found, strings.Fields(line)[4])
	}
	return found
}

// cgroups returns the path of the tests' cgroup in each hierarchy, whether it exists or
// not: one path with cgroup v2, one for each controller with v1.
func cgroups() ([]string, error) {
	var found []string
	for _, point := range mounts() {
		if point != "/sys/fs/cgroup" && filepath.Dir(point) != "/sys/fs/cgroup" {
			continue
		}
		if _, err := os.Stat(filepath.Join(point, "cgroup.procs")); err == nil {
			found = append(found, filepath.Join(point, cgroupName))
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no cgroup hierarchy in /sys/fs/cgroup")
	}
	return found, nil
}

// removeFolders removes a tree of folders. The files of a cgroup go with their folder.
func removeFolders(dir string) error {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			if err := removeFolders(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
