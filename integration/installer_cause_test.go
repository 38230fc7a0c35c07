package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// without removes variables from the installer's environment.
func (in *installation) without(names ...string) {
	in.env = slices.DeleteFunc(slices.Clone(in.env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(names, name)
	})
}

// If an installation is not possible, the installer names the cause and the setting
// that helps, and leaves nothing.
func TestNodeInstallerSaysTheCause(t *testing.T) {
	for _, row := range []struct {
		name   string
		files  files
		mounts string // mounts for the installer's namespace; BIN and ETC are replaced by folders
		change func(*testing.T, *installation)
		says   []string
	}{
		{
			name:  "another runtime's handler",
			files: files{"config.toml": runtimeTables(runcTable + "[RUNTIMES.seccomp]\n  runtime_type = 'io.containerd.kata.v2'\n")},
			says:  []string{`config.toml has a handler "seccomp" already`, `runtime_type "io.containerd.kata.v2"`, "give it another name"},
		},
		{
			name: "another runtime's handler, imported",
			files: files{
				"config.toml": strings.Replace(runtimeTables(""), "\n", "\nimports = ['DIR/z/*.toml']\n", 1),
				"z/kata.toml": runtimeTables(runcTable + "[RUNTIMES.seccomp]\n  runtime_type = 'io.containerd.kata.v2'\n"),
			},
			says: []string{`what it imports replaces the handler "seccomp"`, `runtime_type "io.containerd.kata.v2"`},
		},
		{
			name:  "the CRI plugin disabled, as by Docker's package",
			files: files{"config.toml": "disabled_plugins = [\"cri\"]\n"},
			says:  []string{"config.toml: disabled_plugins has ", "remove that entry"},
		},
		{
			name:   "a folder for binaries that cannot be written",
			mounts: `mount --bind "$BIN" "$BIN"; mount -o remount,bind,ro "$BIN"`,
			says:   []string{"read-only file system", "set BIN_DIR to a folder of containerd's PATH"},
		},
		{
			name:   "a folder for binaries that is not there and cannot be made",
			mounts: `mount --bind "$BIN" "$BIN"; mount -o remount,bind,ro "$BIN"`,
			change: func(_ *testing.T, in *installation) {
				in.env = append(in.env, "BIN_DIR="+filepath.Join(in.bin, "new/bin"))
			},
			says: []string{"read-only file system", "set BIN_DIR to a folder of containerd's PATH"},
		},
		{
			name:   "a folder for binaries that is mounted with noexec",
			mounts: `mount --bind "$BIN" "$BIN"; mount -o remount,bind,noexec "$BIN"`,
			change: func(t *testing.T, in *installation) { // containerd uses another file
				if err := os.Rename(filepath.Join(in.bin, "containerd"), in.path("containerd")); err != nil {
					t.Fatal(err)
				}
				in.env = append(in.env, "PATH="+in.dir+":"+os.Getenv("PATH"))
			},
			says: []string{"mounted with noexec", "set BIN_DIR to a folder of containerd's PATH"},
		},
		{
			name:   "an /etc that cannot be written",
			files:  files{"config.toml": kindConfig},
			mounts: `mount --bind "$ETC" "$ETC"; mount -o remount,bind,ro "$ETC"`,
			says:   []string{"read-only file system", "start containerd with --config FILE", "set CONTAINERD_CONFIG"},
		},
		{
			name: "a second shim in containerd's PATH, as of a package",
			mounts: `for folder in bin sbin; do mount -t tmpfs tmpfs /usr/local/$folder; done
				echo >/usr/local/bin/containerd-shim-seccomp-v1`,
			change: func(_ *testing.T, in *installation) { in.env = append(in.env, "BIN_DIR=/usr/local/sbin") },
			says:   []string{"/usr/local/bin/containerd-shim-seccomp-v1 is there too", "set BIN_DIR=/usr/local/bin"},
		},
		{
			name:  "a binary of another architecture",
			files: files{"config.toml": kindConfig},
			change: func(t *testing.T, in *installation) {
				write(t, in.path("payload/containerd-shim-seccomp-v1"), []byte("\x7fELF\x02\x01\x01"))
			},
			says: []string{"run ", "containerd-shim-seccomp-v1", "exec format error"},
		},
		{
			name:   "no systemd",
			files:  files{"config.toml": kindConfig},
			mounts: `mount -t tmpfs tmpfs /run/systemd 2>/dev/null || mount -t tmpfs tmpfs /run`,
			change: func(_ *testing.T, in *installation) { in.without("RESTART") },
			says:   []string{"systemd does not run this node", "set RESTART to the command"},
		},
		{
			name:  "another containerd is restarted",
			files: files{"config.toml": kindConfig},
			change: func(t *testing.T, in *installation) {
				other := newConfig(t, "12", files{"config.toml": kindConfig})
				in.env = append(in.env, other.env[len(other.env)-1]) // the socket
			},
			says: []string{"after its restart containerd has no handler", "config.toml", "CONTAINERD_CONFIG"},
		},
		{
			name:  "told to end during the restart",
			files: files{"config.toml": kindConfig},
			change: func(t *testing.T, in *installation) {
				write(t, in.path("restart"), []byte("#!/bin/sh\nkill -TERM $PPID\nsleep 0.2\n"))
			},
			says: []string{"ended by signal", "put containerd's configuration back"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if row.mounts != "" && os.Geteuid() != 0 {
				t.Skip("needs root: makes mount namespaces")
			}
			in := newConfig(t, "12", row.files)
			if row.change != nil {
				row.change(t, in)
			}
			before := in.tree(t)
			args := []string{in.path("payload/node-installer"), "install"}
			if row.mounts != "" {
				args = append([]string{"unshare", "--mount", "sh", "-ec", row.mounts + "\nexec \"$@\"", "sh"}, args...)
			}
			cmd := exec.CommandContext(bounded(t), args[0], args[1:]...)
			cmd.Env = append(in.env, "CONTAINERD_CONFIG="+in.config, "BIN="+in.bin, "ETC="+in.path("etc"))
			out, err := cmd.CombinedOutput()
			t.Logf("%v\n%s", err, out)
			if err == nil {
				t.Error("it is installed")
			}
			for _, part := range row.says {
				if !strings.Contains(string(out), part) {
					t.Errorf("it does not say %q", part)
				}
			}
			in.mustBeAs(t, before)
		})
	}
}
