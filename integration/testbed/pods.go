package testbed

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	// PodNamespace is the namespace of all images and containers of containerd's CRI
	// plugin.
	PodNamespace = "k8s.io"
	// SandboxImage is the image of the container that holds a pod's namespaces.
	SandboxImage = "registry.k8s.io/pause:test"
	// CNIPlugins is Debian's folder of CNI plugins.
	CNIPlugins = "/usr/lib/cni"
)

// podConfig returns containerd's configuration for a node with pods. Their network is a
// bridge in this network namespace.
func (n *Node) podConfig() string {
	in := func(name string) string { return filepath.Join(n.dir, name) }
	const common = `
  restrict_oom_score_adj = true # a node need not have CAP_SYS_RESOURCE
  netns_mounts_under_state_dir = true`
	if n.version.configVersion() < 3 {
		return fmt.Sprintf(`[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q%s
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %q
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q`, SandboxImage, common, n.snapshotter, CNIPlugins, in("cni"))
	}
	binDirs := fmt.Sprintf("bin_dirs = [%q]", CNIPlugins)
	if !n.version.atLeast(2, 1) {
		binDirs = fmt.Sprintf("bin_dir = %q", CNIPlugins)
	}
	return fmt.Sprintf(`[plugins."io.containerd.cri.v1.images"]
  snapshotter = %q
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q
[plugins."io.containerd.cri.v1.runtime"]%s
  [plugins."io.containerd.cri.v1.runtime".cni]
    %s
    conf_dir = %q`, n.snapshotter, SandboxImage, common, binDirs, in("cni"))
}

// writePodNetwork writes the network's configuration for the CNI plugins.
func (n *Node) writePodNetwork() error {
	dir := filepath.Join(n.dir, "cni")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	network := fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [{
    "type": "bridge",
    "bridge": "pods0",
    "isGateway": true,
    "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": "10.88.0.0/16"}]]}
  }]
}
`, filepath.Join(n.dir, "addresses"))
	return os.WriteFile(filepath.Join(dir, "10-pods.conflist"), []byte(network), 0o644)
}
