package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// files are a node's /etc/containerd, and the folders in it, whose names end in a slash.
// DIR stands for its path.
type files map[string]string

// kindConfig is like the config.toml of kind's node image, which is in the format of
// containerd 1.x also where containerd is newer.
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

// debianConfig is like that of Debian 12's package: it has no runtime.
const debianConfig = `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd"
`

// handlerOfVersion3 is a handler that a person has made.
const handlerOfVersion3 = `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.seccomp]
  runtime_type = "io.containerd.seccomp.v1"
`

// All of config.toml stays in force and as it is written. An install adds lines, an
// uninstall removes them, and the second of each changes nothing.
func TestNodeInstallerConfig(t *testing.T) {
	for _, row := range []struct {
		name  string
		on    string // which major versions of containerd
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
			in := newConfig(t, row.on, row.files)
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
					continue // empty, or a folder
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
		})
	}
}

// What a person has written is kept: a handler of that name, an edited drop-in, and
// profiles.
func TestNodeInstallerKeeps(t *testing.T) {
	t.Run("a handler", func(t *testing.T) {
		in := newConfig(t, "2", files{"config.toml": "version = 3\n" + handlerOfVersion3})
		in.mustKeepHandler(t)
	})
	t.Run("a handler in conf.d", func(t *testing.T) {
		in := newConfig(t, "2", files{
			"config.toml":         "version = 3\nimports = ['DIR/conf.d/*.toml']\n",
			"conf.d/seccomp.toml": "version = 3\n" + handlerOfVersion3,
		})
		in.mustKeepHandler(t)
	})
	t.Run("an edited drop-in", func(t *testing.T) {
		in := newConfig(t, "2", files{"config.toml": "version = 3\n"})
		in.must(t, "install")
		const edited = "version = 3\n" + handlerOfVersion3 + "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.seccomp.options]\nunset_profile = 'RuntimeDefault'\n"
		write(t, in.path("etc/conf.d/seccomp.toml"), []byte(edited))
		if out := in.must(t, "install"); !strings.Contains(out, "kept "+in.path("etc/conf.d/seccomp.toml")) {
			t.Error("it does not say so")
		}
		if got := in.read(t)["conf.d/seccomp.toml"]; got != edited {
			t.Errorf("it is now\n%s", got)
		}
	})
	t.Run("profiles", func(t *testing.T) {
		in := newConfig(t, "12", nil)
		write(t, in.path("profiles/audit.json"), []byte("{}"))                                            // another
		write(t, in.path("profiles/violation.json"), read(t, in.path("payload/profiles/violation.json"))) // the same
		in.must(t, "install")
		in.must(t, "uninstall")
		if got := string(read(t, in.path("profiles/audit.json"))); got != "{}" {
			t.Errorf("audit.json is now %s", got)
		}
		left, err := filepath.Glob(in.path("profiles/*"))
		if want := []string{in.path("profiles/audit.json"), in.path("profiles/violation.json")}; err != nil || !slices.Equal(left, want) {
			t.Errorf("left are %v, %v", left, err)
		}
	})
}

// A pod of another runtime may have a program where the node has the shim. From the
// node /proc shows it under the same path; it is another file, and no shim.
func TestNodeInstallerIsNotStoppedByOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes mount namespaces")
	}
	if why := testbed.Unavailable(testbed.BinDir(), "http-echo"); why != "" {
		t.Skip(why)
	}
	const (
		mounted = `mount -t tmpfs tmpfs "$BIN"
			cp "$ECHO" "$BIN/$SHIM"
			exec "$BIN/$SHIM" -listen 127.0.0.1:0`
		rooted = `mkdir -p "$ROOT/$BIN" "$ROOT/old"
			cp "$ECHO" "$ROOT/$BIN/$SHIM"
			mount --bind "$ROOT" "$ROOT"
			cd "$ROOT"
			pivot_root . old
			exec "$BIN/$SHIM" -listen 127.0.0.1:0`
	)
	for _, row := range []struct {
		name, script string
		deleted      bool
	}{
		{"on a file system of its own", mounted, false},
		{"in a root of its own", rooted, false},
		{"deleted, on a file system of its own", mounted, true},
		{"deleted, in a root of its own", rooted, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := newInstallation(t)
			in.env = append(in.env, "RESTART=")
			in.must(t, "install")
			shim := testbed.ShimBinary(runtimeName)
			echo, err := filepath.Abs(filepath.Join(testbed.BinDir(), "http-echo"))
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-ec", row.script)
			cmd.Env = append(os.Environ(), "BIN="+in.bin, "SHIM="+shim, "ECHO="+echo, "ROOT="+in.path("root"))
			cmd.Stderr = t.Output()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = cmd.Process.Kill() // its end is awaited
				_ = cmd.Wait()
			})
			process, path := fmt.Sprintf("/proc/%d", cmd.Process.Pid), filepath.Join(in.bin, shim)
			eventually(t, "another program has the shim's path", func() bool {
				exe, err := os.Readlink(process + "/exe")
				return err == nil && exe == path
			})
			if row.deleted {
				if err := os.Remove(process + "/root" + path); err != nil {
					t.Fatal(err)
				}
			}
			in.must(t, "uninstall")
		})
	}
}

// mustKeepHandler installs and does not uninstall: the handler would stay, without
// its binary.
func (in *installation) mustKeepHandler(t *testing.T) {
	t.Helper()
	before := in.read(t)
	in.must(t, "install")
	if out, err := in.do(t, "uninstall"); err == nil || !strings.Contains(out, "it is not ours") {
		t.Errorf("uninstalled: %v", err)
	}
	in.mustHaveRestarted(t, 0)
	in.mustHave(t, before)
	read(t, filepath.Join(in.bin, testbed.ShimBinary(runtimeName)))
}

// A run that was killed before its restart is made up for by the next.
func TestNodeInstallerKilled(t *testing.T) {
	in := newConfig(t, "12", files{"config.toml": kindConfig})
	write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\nkill -9 $PPID\n"))
	if _, err := in.do(t, "install"); err == nil {
		t.Error("it was not killed")
	}
	in.mustHaveHandler(t)
	write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\necho >>%s\n", in.path("restarts")))
	for range 2 {
		in.must(t, "install")
		in.mustHaveRestarted(t, 1)
	}
}

// What containerd would not accept never reaches a restart, and a restart that fails
// is followed by one with the old configuration.
func TestNodeInstallerFails(t *testing.T) {
	for _, row := range []struct {
		name     string
		on       string
		files    files
		change   func(*testing.T, *installation)
		says     string
		restarts int
	}{
		{"broken config.toml", "12", files{"config.toml": "version = 2\nimports = [\n"}, nil, "config.toml as it is", 0},
		{"broken drop-in", "12", files{"config.toml": "version = 2\n"}, func(t *testing.T, in *installation) {
			for _, name := range []string{"seccomp-2.x.toml", "seccomp-1.7.toml"} {
				write(t, in.path("payload/"+name), []byte("version = 2\n[plugins\n"))
			}
		}, "config.toml with the handler", 0},
		{"no version", "1", files{"config.toml": "[debug]\n  level = \"warn\"\n"}, nil, "version is missing", 0},
		{"replaced by an import", "1", files{
			"config.toml": "version = 2\nimports = ['DIR/z.toml']\n",
			"z.toml":      "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.seccomp]\nruntime_type = 'io.containerd.runc.v2'\n",
		}, nil, "what it imports replaces the handler", 0},
		{"no containerd", "12", nil, func(t *testing.T, in *installation) {
			write(t, filepath.Join(in.bin, "containerd"), []byte("#!/bin/sh\nexit 1\n"))
		}, "needs containerd", 0},
		{"no start", "12", files{"config.toml": kindConfig}, func(t *testing.T, in *installation) {
			write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\necho >>%s\n! grep -qrF runtimes.seccomp %s\n", in.path("restarts"), in.path("etc")))
		}, "does not start with the new configuration", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := newConfig(t, row.on, row.files)
			before := in.read(t)
			if row.change != nil {
				row.change(t, in)
			}
			out, err := in.do(t, "install")
			if err == nil || !strings.Contains(out, row.says) {
				t.Errorf("%v, want an error with %q", err, row.says)
			}
			in.mustHaveRestarted(t, row.restarts)
			in.mustHave(t, before)
		})
	}
}

// newConfig is a node without a running containerd: who restarts it leaves a line.
func newConfig(t *testing.T, on string, etc files) *installation {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	if !strings.Contains(on, major()) {
		t.Skipf("is about containerd %s.x, this is %s", strings.Join(strings.Split(on, ""), ".x and "), node.Version())
	}
	in := newInstallation(t)
	write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\necho >>%s\n", in.path("restarts")))
	in.env = append(in.env, "RESTART="+in.path("restart"))
	in.serveCRI(t)
	for name, text := range etc {
		if text == "DEFAULT" {
			out, err := exec.Command(filepath.Join(in.bin, "containerd"), "config", "default").Output()
			if err != nil {
				t.Fatal(err)
			}
			text = string(bytes.ReplaceAll(out, []byte("/etc/containerd"), []byte(in.path("etc"))))
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(filepath.Join(in.path("etc"), name), 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		write(t, filepath.Join(in.path("etc"), name), []byte(strings.ReplaceAll(text, "DIR", in.path("etc"))))
	}
	return in
}

// major is the first number of the version of the containerd under test.
func major() string {
	n, _, _ := strings.Cut(strings.TrimPrefix(node.Version(), "v"), ".")
	return n
}

// criPlugin is where this containerd's CRI plugin looks for handlers.
func criPlugin() string {
	if major() == "1" {
		return "io.containerd.grpc.v1.cri"
	}
	return "io.containerd.cri.v1.runtime"
}

// read is what is in /etc/containerd. A folder that is left empty counts too.
func (in *installation) read(t *testing.T) files {
	t.Helper()
	found := files{}
	for _, pattern := range []string{"*", "*/*"} {
		names, _ := filepath.Glob(filepath.Join(in.path("etc"), pattern)) // no bad pattern
		for _, name := range names {
			rel, _ := filepath.Rel(in.path("etc"), name)
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				found[rel] = string(read(t, name))
			} else if err == nil && info.IsDir() {
				found[rel+"/"] = ""
			}
		}
	}
	return found
}

func (in *installation) mustHave(t *testing.T, want files) {
	t.Helper()
	got := in.read(t)
	for name := range got {
		if text, ok := want[name]; !ok || text != got[name] {
			t.Errorf("%s is\n%s\nwas\n%s", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

func (in *installation) mustHaveRestarted(t *testing.T, want int) {
	t.Helper()
	data, _ := os.ReadFile(in.path("restarts")) // absent if none
	if got := len(data); got != want {
		t.Errorf("containerd was restarted %d times, want %d", got, want)
	}
}

// mustHaveHandler checks it where this containerd's CRI plugin looks for it.
func (in *installation) mustHaveHandler(t *testing.T) {
	t.Helper()
	table := fmt.Sprintf("[plugins.'%s'.containerd.runtimes.seccomp]", criPlugin())
	if got := strings.ReplaceAll(in.dump(t), `"`, "'"); !strings.Contains(got, table) {
		t.Errorf("%s is not in\n%s", table, got)
	}
}
