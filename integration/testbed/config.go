package testbed

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
)

// unused are the plugins that no node needs: they reach outside the node's
// folder or only cost time at the start.
var unused = []string{
	"io.containerd.nri.v1.nri",
	"io.containerd.internal.v1.tracing",
	"io.containerd.tracing.processor.v1.otlp",
	"io.containerd.monitor.container.v1.restart",
}

// criPlugins are left out unless Options.CRI asks for them.
var criPlugins = []string{
	"io.containerd.grpc.v1.cri",
	"io.containerd.cri.v1.runtime",
	"io.containerd.cri.v1.images",
	"io.containerd.podsandbox.controller.v1.podsandbox",
}

// config returns containerd's configuration. Imports are switched off because
// by default containerd reads /etc/containerd/conf.d too.
func (n *Node) config() string {
	disabled := append([]string{}, unused...)
	if !n.opts.CRI {
		disabled = append(disabled, criPlugins...)
	}
	for i, name := range disabled {
		disabled[i] = fmt.Sprintf("%q", name)
	}
	in := func(name string) string { return filepath.Join(n.dir, name) }
	return fmt.Sprintf(`version = 3
root = %q
state = %q
temp = %q
imports = []
disabled_plugins = [%s]

[grpc]
  address = %q

[debug]
  level = %q

[plugins."io.containerd.shim.v1.manager"]
  socket_dir = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q

[plugins."io.containerd.cri.v1.images"]
  snapshotter = %q

%s
`, in("root"), in("state"), in("temp"), strings.Join(disabled, ", "),
		n.Address(), n.opts.LogLevel, n.socketDir(), in("opt"), n.snapshotter, n.opts.Config)
}

// chooseSnapshotter returns overlayfs, or native where an overlay cannot be
// mounted, as inside a container whose own root is an overlay.
func chooseSnapshotter(scratch string) string {
	if overlayutils.Supported(scratch) != nil {
		return "native"
	}
	return "overlayfs"
}
