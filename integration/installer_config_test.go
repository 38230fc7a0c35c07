package integration

import (
	"slices"
	"strings"
	"testing"
)

// kindConfig is like the config.toml of kind's node image. It has the format of
// containerd 1.x, even with a newer containerd.
const kindConfig = `# for any containerd
version = 2

[proxy_plugins."fuse-overlayfs"]
  type = "snapshot"
  address = "/run/containerd-fuse-overlayfs.sock"

[plugins."io.containerd.grpc.v1.cri".containerd]
  discard_unpacked_layers = true
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "/etc/containerd/cri-base.json"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = true

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10"
`

// eksConfig is like that of EKS' image of Amazon Linux 2023.
const eksConfig = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/kubernetes/pause"

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"

[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "nvidia"
discard_unpacked_layers = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
BinaryName = "/usr/bin/nvidia-container-runtime"
SystemdCgroup = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"`

// debianConfig is like that of Debian 12's package. It names no runtime.
const debianConfig = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd"
`

// handlerOfVersion3 is a handler that a person has written.
const handlerOfVersion3 = `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.seccomp]
  runtime_type = "io.containerd.seccomp.v1"
`

// All of config.toml stays in force and as it is written. An install adds lines, an
// uninstall removes them, and the second of each changes nothing.
func TestNodeInstallerConfig(t *testing.T) {
	for _, row := range []struct {
		name  string
		on    string // the major versions of containerd that the row is for
		files files
	}{
		{"no file", "12", nil},
		{"only a version", "12", files{"config.toml": "version = 2"}}, // with any runtime in config.toml, containerd 1.x has no default one
		{"kind", "12", files{"config.toml": kindConfig}},
		{"the default", "12", files{"config.toml": "DEFAULT"}},
		{"others imported", "12", files{
			"config.toml":      strings.Replace(kindConfig, "version = 2\n", "version = 2\nimports = [\"DIR/other/*.toml\"] # ours\n", 1),
			"other/debug.toml": "version = 2\n[debug]\n  level = \"warn\"\n",
		}},
		{"an empty list on many lines", "2", files{
			"config.toml": "# first\nrequired_plugins = [\n  \"io.containerd.grpc.v1.cri\",\n]\n\timports = [ # none\n]\nversion = 3\n\n[debug]\nlevel = 'warn'\n"}},
		{"conf.d imported", "2", files{
			"config.toml":       "version = 3\nimports = ['DIR/conf.d/*.toml']\n",
			"conf.d/debug.toml": "version = 3\n[debug]\n  level = \"warn\"\n",
		}},
		{"no version", "2", files{"config.toml": "# nothing\n[debug]\n  level = \"warn\"\n"}},
		{"empty", "12", files{"config.toml": ""}},
		{"only a comment", "12", files{"config.toml": "# by hand\n"}},
		{"CRLF", "12", files{"config.toml": strings.ReplaceAll(kindConfig, "\n", "\r\n")}},
		{"EKS", "12", files{"config.toml": eksConfig}},
		{"Debian's package", "12", files{"config.toml": debianConfig}},
		{"an empty conf.d", "2", files{"config.toml": "version = 3\nimports = ['DIR/conf.d/*.toml']\n", "conf.d/": ""}},
		{"a vendor's file in conf.d", "2", files{
			"config.toml": "version = 3\nimports = ['DIR/conf.d/*.toml']\n",
			"conf.d/99-vendor.toml": "version = 3\n# the vendor's\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.vendor]\n" +
				"  runtime_type = 'io.containerd.runc.v2'\n  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.vendor.options]\n    BinaryName = '/usr/bin/vendor'\n",
		}},
		{"another folder imported", "2", files{
			"config.toml":         "version = 3\nimports = [\n  'config.d/*.toml', # relative\n]\n",
			"config.d/debug.toml": "version = 3\n[debug]\n  level = \"warn\"\n",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			newConfig(t, row.on, row.files).mustInstallAndUninstall(t)
		})
	}
}

// mustInstallAndUninstall does each twice, and checks the configuration after every run.
func (in *installation) mustInstallAndUninstall(t *testing.T) {
	t.Helper()
	before, effective := in.read(t), in.dump(t)

	in.must(t, "install")
	in.mustHaveRestarted(t, 1)
	in.mustHaveHandler(t)
	now := lines(in.dump(t))
	for _, line := range lines(effective) {
		if !slices.Contains(now, line) && !strings.Contains(line, "imports = ") {
			t.Errorf("lost: %s", line)
		}
	}
	for file, text := range before {
		if text == "" {
			continue // an empty file, or a folder
		}
		if kept := lines(in.read(t)[file]); !slices.Contains(kept, lines(text)[0]) || len(kept) < len(lines(text)) {
			t.Errorf("%s is now\n%s", file, strings.Join(kept, "\n"))
		}
	}

	installed := in.read(t)
	if out := in.must(t, "install"); strings.Contains(out, "wrote") {
		t.Error("the second time something was written")
	}
	in.mustHaveRestarted(t, 1)
	in.mustHave(t, installed)

	in.must(t, "uninstall")
	in.mustHaveRestarted(t, 2)
	in.mustHave(t, before)
	in.must(t, "uninstall")
	in.mustHaveRestarted(t, 2)
}
