package integration

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// If a run was killed before its restart of containerd, the next run restarts it.
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

// The installer does not restart containerd with a configuration that containerd
// refuses. After a restart that failed, it restarts containerd with the old
// configuration.
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
		{"an old containerd", "12", files{"config.toml": kindConfig}, func(t *testing.T, in *installation) {
			write(t, filepath.Join(in.bin, "containerd"), []byte("#!/bin/sh\necho containerd github.com/containerd/containerd v1.5.18\n"))
		}, "needs containerd 1.6 or newer, and the one in PATH is 1.5", 0},
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
