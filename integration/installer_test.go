package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"seccomp-shim/integration/testbed"
)

// installation is a node installer with its payload, and the folders of a node.
type installation struct {
	dir    string // holds everything below
	bin    string // the first folder of the node's PATH
	config string
	env    []string
}

// newInstallation links to the files that `make installer` built, so that a test can
// replace some.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	source := filepath.Join(testbed.ModuleRoot(), "build", "installer")
	if _, err := os.Stat(source); err != nil {
		t.Skipf("make test makes %v", err)
	}
	if why := testbed.Unavailable(testbed.BinDir(), "containerd", "ctr"); why != "" {
		t.Skip(why)
	}
	dir, err := os.MkdirTemp("", "ni-") // a short name, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in := &installation{dir: dir, bin: filepath.Join(dir, "bin"), config: filepath.Join(dir, "etc", "config.toml")}
	for _, pattern := range []string{"*", "profiles/*.json"} {
		names, _ := filepath.Glob(filepath.Join(source, pattern)) // no bad pattern
		for _, name := range names {
			if filepath.Base(name) != "profiles" {
				link(t, name, filepath.Join(in.path("payload"), name[len(source):]))
			}
		}
	}
	for _, name := range []string{"containerd", "ctr"} {
		link(t, filepath.Join(testbed.BinDir(), name), filepath.Join(in.bin, name))
	}
	in.env = append(os.Environ(), "PATH="+in.bin+":"+os.Getenv("PATH"), "BIN_DIR="+in.bin,
		"PROFILE_DIR="+in.path("profiles"), "STATE_DIR="+in.path("state"), "RUN_DIR="+in.path("run"))
	return in
}

func (in *installation) path(name string) string { return filepath.Join(in.dir, name) }

// do runs the installer and returns its output.
func (in *installation) do(t *testing.T, action string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(bounded(t), in.path("payload/node-installer"), action)
	cmd.Env = append(in.env, "CONTAINERD_CONFIG="+in.config)
	out, err := cmd.CombinedOutput()
	t.Logf("%s: %v\n%s", action, err, out)
	return string(out), err
}

func (in *installation) must(t *testing.T, action string) string {
	t.Helper()
	out, err := in.do(t, action)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return out
}

// dump returns the effective configuration.
func (in *installation) dump(t *testing.T) string {
	t.Helper()
	out, err := in.effective()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (in *installation) effective() ([]byte, error) {
	args := []string{"--config", in.config, "config", "dump"}
	if _, err := os.Stat(in.config); os.IsNotExist(err) {
		args = []string{"config", "default"}
	}
	return exec.Command(filepath.Join(in.bin, "containerd"), args...).Output()
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// write replaces a file by an executable one, and makes its folder if necessary.
func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(file) // a link leads to a file that other tests use
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	target, err := filepath.Abs(target)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	}
	if err == nil {
		err = os.Symlink(target, name)
	}
	if err != nil {
		t.Fatal(err)
	}
}
