package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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

// A node is installed, upgraded under a running container, and uninstalled when no
// container is left. The installer restarts a real containerd when it must.
func TestNodeInstaller(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	// The installer asks for a restart on one pipe, and waits for it on the other.
	in := newInstallation(t)
	// containerd also looks for shims in the folder of its own binary, after links.
	write(t, filepath.Join(in.bin, "containerd"), read(t, filepath.Join(in.bin, "containerd")))
	ask, answer := in.path("ask"), in.path("answer")
	for _, fifo := range []string{ask, answer} {
		if err := unix.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\necho >%s\nread result <%s\nexit $result\n", ask, answer))
	n, err := testbed.Start(t.Context(), testbed.Options{Bin: in.bin, Dir: in.dir, CRI: true, Config: defaultRuntime()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	in.config = filepath.Join(n.Dir(), "config.toml")
	in.env = append(in.env, "RESTART="+in.path("restart")) // the socket is in the configuration
	restarts := serveRestarts(t, n, ask, answer)
	must := func(code int, args ...string) string {
		t.Helper()
		got, err := n.Ctr(bounded(t), args...)
		if err != nil || got.ExitCode != code {
			t.Fatalf("ctr %s: %+v, %v", strings.Join(args, " "), got, err)
		}
		return got.Stdout
	}
	run := func(id string) (shim int) {
		t.Helper()
		must(0, "run", "-d", "--null-io", "--runtime", runtimeName, imageName, id, "/bin/sleep", "1000")
		for line := range strings.Lines(must(0, "task", "ls")) {
			if f := strings.Fields(line); f[0] == id {
				pid, _ := strconv.ParseUint(f[1], 10, 32)
				return shimOf(t, uint32(pid))
			}
		}
		t.Fatalf("no task %s", id)
		return 0
	}
	remove := func(id string) {
		t.Helper()
		must(0, "task", "rm", "-f", id)
		must(0, "container", "rm", id)
	}
	exe := func(shim int) string {
		target, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", shim))
		if err != nil {
			t.Error(err)
		}
		return target
	}
	must(0, "version")
	if err := n.Import(t.Context(), imageName, testbed.Rootfs{Files: programs}); err != nil {
		t.Fatal(err)
	}
	before := read(t, in.config)

	if out := in.must(t, "install"); strings.Contains(out, "warning") {
		t.Error("containerd does not look where it does")
	}
	restarts(1)
	binary := filepath.Join(in.bin, testbed.ShimBinary(runtimeName))
	old := run("old")
	if got := exe(old); got != binary {
		t.Errorf("the shim is %s, not %s", got, binary)
	}

	// Another build of the shim: the same program in another file.
	write(t, in.path("payload/containerd-shim-seccomp-v1"), append(read(t, binary), "newer"...))
	in.must(t, "install")
	restarts(1)
	if got := exe(old); got != binary+" (deleted)" {
		t.Errorf("after the upgrade the old shim is %s", got)
	}
	must(7, "task", "exec", "--fifo-dir", n.FIFODir(), "--exec-id", "e", "old", "/bin/sh", "-c", "exit 7")
	if got := exe(run("new")); got != binary {
		t.Errorf("the new shim is %s", got)
	}
	if !bytes.HasSuffix(read(t, binary), []byte("newer")) {
		t.Error("the binary was not replaced")
	}
	remove("new")

	// While a container runs, all files stay, including the old shim.
	config := read(t, in.config)
	if out, err := in.do(t, "uninstall"); err == nil || !strings.Contains(out, strconv.Itoa(old)) {
		t.Errorf("uninstalled under shim %d", old)
	}
	if !bytes.Equal(read(t, in.config), config) {
		t.Error("config.toml changed")
	}
	restarts(1)
	remove("old")
	in.must(t, "uninstall")
	restarts(2)
	if got := read(t, in.config); !bytes.Equal(got, before) {
		t.Errorf("config.toml is\n%s\nwas\n%s", got, before)
	}
	for _, name := range []string{"bin/containerd-shim-seccomp-v1", "bin/seccomp-shim-init", "bin/seccompctl", "profiles/audit.json", "state"} {
		if _, err := os.Stat(in.path(name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// defaultRuntime is runc's runtime, which containerd 1.x needs in config.toml when any
// runtime is named there.
func defaultRuntime() string {
	if major() != "1" {
		return ""
	}
	return "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
}

// serveRestarts restarts containerd on request. The returned function checks the number
// of restarts.
func serveRestarts(t *testing.T, n *testbed.Node, ask, answer string) func(want int) {
	count := make(chan int, 1)
	count <- 0
	go func() {
		for {
			if said, err := os.ReadFile(ask); err != nil || len(said) == 0 {
				return // the test has ended
			}
			result := "0"
			if err := n.Restart(t.Context()); err != nil {
				result = "1"
			}
			count <- <-count + 1
			_ = os.WriteFile(answer, []byte(result+"\n"), 0)
		}
	}()
	t.Cleanup(func() {
		if f, err := os.OpenFile(ask, os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
			f.Close() // closing it is the answer
		}
	})
	return func(want int) {
		t.Helper()
		got := <-count
		count <- got
		if got != want {
			t.Errorf("containerd was restarted %d times, want %d", got, want)
		}
	}
}
