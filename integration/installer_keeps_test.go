package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// The installer keeps what a person wrote: a handler of the same name, an edited
// drop-in, and profiles.
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
		write(t, in.path("profiles/audit.json"), []byte("{}"))                                            // a different file
		write(t, in.path("profiles/violation.json"), read(t, in.path("payload/profiles/violation.json"))) // the same file
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

// A pod of another runtime may have a program at the path of the node's shim. The
// node's /proc shows it with that path, but it is another file, and not a shim.
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
				_ = cmd.Process.Kill() // Wait follows
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

// mustKeepHandler installs, and checks that an uninstall fails and changes nothing:
// otherwise the handler would stay without its binary.
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
