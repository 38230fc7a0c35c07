package testbed

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
)

// unused are the plugins that no node needs: they use files outside the node's folder,
// or only take time at the start.
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

// config returns containerd's configuration. It always sets imports, because by default
// containerd reads /etc/containerd/conf.d.
func (n *Node) config() string {
	disabled := append([]string{}, unused...)
	if !n.opts.CRI {
		disabled = append(disabled, criPlugins...)
	}
	in := func(name string) string { return filepath.Join(n.dir, name) }
	return fmt.Sprintf(`version = %d
root = %q
state = %q
temp = %q
imports = %s
disabled_plugins = %s

[grpc]
  address = %q

[debug]
  level = %q

[timeouts]
  "io.containerd.timeout.shim.cleanup" = %q
  "io.containerd.timeout.shim.load" = %q
  "io.containerd.timeout.shim.shutdown" = %q
  "io.containerd.timeout.task.state" = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q

%s

%s
`, n.version.configVersion(), in("root"), in("state"), in("temp"), list(n.opts.Imports), list(disabled),
		n.Address(), n.opts.LogLevel,
		// On a fast machine these are containerd's defaults.
		Patient(5*time.Second).String(), Patient(5*time.Second).String(), Patient(3*time.Second).String(), Patient(2*time.Second).String(),
		in("opt"), n.pluginConfig(), n.opts.Config)
}

// list writes strings as an array of TOML.
func list(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = fmt.Sprintf("%q", value)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// pluginConfig returns the part that differs between versions.
func (n *Node) pluginConfig() string {
	var parts []string
	switch v3 := n.version.configVersion() >= 3; {
	case n.opts.CRI:
		parts = append(parts, n.podConfig())
	case v3:
		parts = append(parts, fmt.Sprintf("[plugins.%q]\n  snapshotter = %q", "io.containerd.cri.v1.images", n.snapshotter))
	default:
		parts = append(parts, fmt.Sprintf("[plugins.%q.containerd]\n  snapshotter = %q", "io.containerd.grpc.v1.cri", n.snapshotter))
	}
	if n.version.hasSocketDir() {
		parts = append(parts, fmt.Sprintf("[plugins.%q]\n  socket_dir = %q", "io.containerd.shim.v1.manager", n.socketDir()))
	}
	return strings.Join(parts, "\n\n")
}

// chooseSnapshotter returns overlayfs, or native if an overlay cannot be mounted, as
// inside a container whose root is an overlay.
func chooseSnapshotter(scratch string) string {
	if overlayutils.Supported(scratch) != nil {
		return "native"
	}
	return "overlayfs"
}
