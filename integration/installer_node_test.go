package integration

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// runtimeTables returns runtimes in the format of this containerd, below its version.
func runtimeTables(body string) string {
	version := 3
	if major() == "1" {
		version = 2
	}
	return fmt.Sprintf("version = %d\n", version) + strings.ReplaceAll(body, "RUNTIMES", fmt.Sprintf("plugins.%q.containerd.runtimes", criPlugin()))
}

const runcTable = "[RUNTIMES.runc]\n  runtime_type = 'io.containerd.runc.v2'\n"

// tree returns the content of a node's folders, without the files of the test itself.
func (in *installation) tree(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(in.dir, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(in.dir, path)
		switch {
		case err != nil:
			return err
		case slices.Contains([]string{"payload", "run"}, rel):
			return fs.SkipDir
		case e.IsDir():
			found[rel+"/"] = ""
		case e.Type().IsRegular() && rel != "restarts":
			found[rel] = string(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (in *installation) mustBeAs(t *testing.T, want map[string]string) {
	t.Helper()
	got := in.tree(t)
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if text, ok := want[name]; !ok || text != got[name] {
			t.Errorf("%s is new, or changed", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

// SystemdCgroup of the handler is that of runc's handler, which agrees with the
// kubelet's cgroup driver.
func TestNodeInstallerCgroupDriver(t *testing.T) {
	for _, row := range []struct {
		name, config string
		want         bool
	}{
		{"cgroupfs", runtimeTables(runcTable + "  [RUNTIMES.runc.options]\n    SystemdCgroup = false\n"), false},
		{"systemd", runtimeTables(runcTable + "  [RUNTIMES.runc.options]\n    SystemdCgroup = true\n"), true},
		{"nothing said", runtimeTables(runcTable), false},
		{"the default handler's", runtimeTables(fmt.Sprintf("[plugins.%q.containerd]\n  default_runtime_name = 'vendor'\n", criPlugin()) + runcTable +
			"[RUNTIMES.vendor]\n  runtime_type = 'io.containerd.runc.v2'\n  [RUNTIMES.vendor.options]\n    SystemdCgroup = true\n"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			in := newConfig(t, "12", files{"config.toml": row.config})
			in.must(t, "install")
			text := in.dump(t)
			_, text, _ = strings.Cut(strings.ReplaceAll(text, `"`, "'"), fmt.Sprintf("[plugins.'%s'.containerd.runtimes.seccomp.options]", criPlugin()))
			text, _, _ = strings.Cut(text, "[")
			if file := in.read(t)["seccomp-options.toml"]; file != "" {
				if !strings.Contains(text, "ConfigPath = '"+in.path("etc/seccomp-options.toml")+"'") {
					t.Errorf("the file with the options is not named in %s", text)
				}
				text = file
			}
			if !strings.Contains(text, fmt.Sprintf("SystemdCgroup = %v\n", row.want)) {
				t.Errorf("the options are\n%s", text)
			}
		})
	}
}

// If config.toml is a link, it stays one.
func TestNodeInstallerLink(t *testing.T) {
	in := newConfig(t, "12", files{"real/containerd.toml": kindConfig})
	link(t, in.path("etc/real/containerd.toml"), in.config)
	if err := os.Chmod(in.path("etc/real/containerd.toml"), 0o640); err != nil {
		t.Fatal(err)
	}
	in.must(t, "install")
	in.mustHaveHandler(t)
	if target, err := os.Readlink(in.config); err != nil || target != in.path("etc/real/containerd.toml") {
		t.Errorf("config.toml leads to %q, %v", target, err)
	}
	if info, err := os.Stat(in.config); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is now %v, %v", info.Mode(), err)
	}
	in.must(t, "uninstall")
	if got := string(read(t, in.config)); got != kindConfig {
		t.Errorf("it is now\n%s", got)
	}
}

// Without a known command the installer prints its usage, and makes nothing.
func TestNodeInstallerUsage(t *testing.T) {
	for _, row := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{nil, 2, "", "usage: node-installer install|uninstall|label|unlabel\n"},
		{[]string{"remove"}, 2, "", "usage: node-installer install|uninstall|label|unlabel\n"},
		{[]string{"install", "now"}, 2, "", "usage: node-installer install|uninstall|label|unlabel\n"},
		{[]string{"label"}, 1, "", "node-installer: KUBERNETES_SERVICE_HOST is not set: label and unlabel run in the pods of deploy/installer/label; " +
			"elsewhere use kubectl label node NAME io.containerd.seccomp.v1/handler=seccomp\n"},
		{[]string{"--help"}, 0, "BIN_DIR", ""},
		{[]string{"-h"}, 0, "RESTART", ""},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			in := newConfig(t, "12", nil)
			before := in.tree(t)
			cmd := exec.CommandContext(bounded(t), in.path("payload/node-installer"), row.args...)
			cmd.Env = in.env
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run() // the exit code is checked below
			if got := cmd.ProcessState.ExitCode(); got != row.code {
				t.Errorf("exit code %d, want %d", got, row.code)
			}
			if !strings.Contains(stdout.String(), row.stdout) || row.stdout == "" && stdout.Len() > 0 || stderr.String() != row.stderr {
				t.Errorf("it says %q and %q", stdout.String(), stderr.String())
			}
			in.mustBeAs(t, before)
			if _, err := os.Stat(in.path("run")); !os.IsNotExist(err) {
				t.Errorf("run: %v", err)
			}
		})
	}
}

// An installation into another folder replaces the one before, and removes the folders
// that it made.
func TestNodeInstallerMoves(t *testing.T) {
	in := newConfig(t, "12", files{"config.toml": kindConfig})
	for _, name := range []string{"containerd-shim-seccomp-v1", "seccomp-shim-init", "seccompctl"} { // files, while a package has links
		write(t, in.path("payload/"+name), read(t, in.path("payload/"+name)))
	}
	before := in.tree(t)
	in.must(t, "install")
	in.env = append(in.env, "BIN_DIR="+in.path("opt/bin"))
	in.must(t, "install") // it does not restart containerd, so it does not ask for containerd's PATH
	for name, want := range map[string]bool{"bin/containerd-shim-seccomp-v1": false, "bin/seccomp-shim-init": false, "bin/seccompctl": false, "opt/bin/containerd-shim-seccomp-v1": true} {
		if _, err := os.Stat(in.path(name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	in.without("BIN_DIR") // the installer remembers the folder
	in.must(t, "uninstall")
	in.mustBeAs(t, before)
}

// The installer can remove what its predecessor, a shell script, has installed. The
// script's state has only the handler, config.toml and the profiles.
func TestNodeInstallerOlder(t *testing.T) {
	in := newConfig(t, "12", files{"config.toml": kindConfig})
	before := in.read(t)
	in.must(t, "install")
	for _, name := range []string{"bin", "folders", "drop-in"} {
		if err := os.Remove(in.path("state/" + name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	installed := in.read(t)
	in.must(t, "install")
	in.mustHave(t, installed)
	in.must(t, "uninstall")
	if before["conf.d/"] = ""; major() == "1" {
		delete(before, "conf.d/") // without it the installer does not know who made the folder
	}
	in.mustHave(t, before)
}

// The installer warns if it installs into a folder that is not in containerd's PATH.
func TestNodeInstallerWarnsOfPath(t *testing.T) {
	in := newConfig(t, "12", files{"config.toml": kindConfig})
	in.env = append(in.env, "BIN_DIR="+in.path("opt/bin"))
	if out := in.must(t, "install"); !strings.Contains(out, "warning: "+in.path("opt/bin")+" is neither in the PATH of containerd (process "+strconv.Itoa(os.Getpid())+")") {
		t.Error("it does not say so")
	}
}

// The payload of a package has links to the package's binaries. They stay the
// package's.
func TestNodeInstallerOfPackage(t *testing.T) {
	in := newConfig(t, "12", files{"config.toml": kindConfig})
	in.must(t, "install") // as by the DaemonSet, before the package was installed
	older := filepath.Join(in.bin, "containerd-shim-seccomp-v1")
	read(t, older)
	for _, name := range []string{"containerd-shim-seccomp-v1", "seccomp-shim-init", "seccompctl"} {
		binary := read(t, in.path("payload/"+name))
		write(t, in.path("usr/bin/"+name), binary)
		if err := os.Remove(in.path("payload/" + name)); err != nil {
			t.Fatal(err)
		}
		link(t, in.path("usr/bin/"+name), in.path("payload/"+name))
	}
	in.without("BIN_DIR")
	if out := in.must(t, "install"); strings.Contains(out, "/containerd-shim-seccomp-v1") {
		t.Error("the binaries were copied")
	}
	if _, err := os.Stat(older); !os.IsNotExist(err) {
		t.Errorf("the older copy: %v", err)
	}
	in.mustHaveHandler(t)
	before := in.tree(t)
	maps.DeleteFunc(before, func(name, _ string) bool {
		return strings.HasPrefix(name, "state/") || strings.HasPrefix(name, "profiles/") || strings.HasPrefix(name, "etc/conf.d/") ||
			name == "etc/seccomp-options.toml"
	})
	before["etc/config.toml"] = kindConfig
	in.must(t, "uninstall")
	in.mustBeAs(t, before)
}
