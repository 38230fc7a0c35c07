package testbed

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// cgroupRoots returns where the cgroup hierarchies are mounted: one with cgroup v2, one
// for each controller with v1, both on a mixed host.
func cgroupRoots() []string {
	var roots []string
	for _, m := range mounts() {
		if m.fsType == "cgroup" || m.fsType == "cgroup2" {
			roots = append(roots, m.point)
		}
	}
	return roots
}

// criScopes is the prefix that containerd's CRI plugin gives to all scopes. Its ids are
// random, so no other node has the same.
const criScopes = "cri-containerd"

// scopes returns the cgroups that systemd made for the container id: those of the CRI
// plugin, and those whose prefix is the node's namespace.
func (n *Node) scopes(id string) []string {
	var found []string
	for _, root := range cgroupRoots() {
		// A cgroup may be removed during the walk, which is no error.
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() && (e.Name() == scope(criScopes, id) || e.Name() == scope(n.opts.Namespace, id)) {
				found = append(found, path)
			}
			return nil
		})
	}
	return found
}

// scope returns systemd's name for a container's cgroup.
func scope(prefix, id string) string { return prefix + "-" + id + ".scope" }

// isScope reports whether a cgroup has the name that systemd gives to a container's
// scope: <prefix>-<id>.scope.
func isScope(name, id string) bool {
	return strings.HasSuffix(name, "-"+id+".scope")
}
