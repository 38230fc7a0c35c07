package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// A node is installed, upgraded under a running container, and uninstalled when no
// container is left. The installer restarts a real containerd when it must.
func TestNodeInstaller(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Parallel()
	in := newInstallation(t)
	n, restarts := in.startNode(t)
	n.must(0, "version")
	if err := n.Import(t.Context(), imageName, testbed.Rootfs{Files: programs}); err != nil {
		t.Fatal(err)
	}
	before := read(t, in.config)

	if out := in.must(t, "install"); strings.Contains(out, "warning") {
		t.Error("the installer warns that containerd does not find the shim")
	}
	restarts(1)
	binary := filepath.Join(in.bin, testbed.ShimBinary(runtimeName))
	old := n.runContainer("old")
	if got := executableOf(t, old); got != binary {
		t.Errorf("the shim is %s, not %s", got, binary)
	}

	// Another build of the shim: the same program in another file.
	write(t, in.path("payload/containerd-shim-seccomp-v1"), append(read(t, binary), "newer"...))
	in.must(t, "install")
	restarts(1)
	if got := executableOf(t, old); got != binary+" (deleted)" {
		t.Errorf("after the upgrade the old shim is %s", got)
	}
	n.must(7, "task", "exec", "--fifo-dir", n.FIFODir(), "--exec-id", "e", "old", "/bin/sh", "-c", "exit 7")
	if got := executableOf(t, n.runContainer("new")); got != binary {
		t.Errorf("the new shim is %s", got)
	}
	if !bytes.HasSuffix(read(t, binary), []byte("newer")) {
		t.Error("the binary was not replaced")
	}
	n.remove("new")

	// While a container runs, all files stay, including the old shim.
	config := read(t, in.config)
	if out, err := in.do(t, "uninstall"); err == nil || !strings.Contains(out, strconv.Itoa(old)) {
		t.Errorf("uninstalled under shim %d", old)
	}
	if !bytes.Equal(read(t, in.config), config) {
		t.Error("config.toml changed")
	}
	restarts(1)
	n.remove("old")
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

// startNode starts a containerd that the installer can restart. The returned function checks
// the number of restarts.
func (in *installation) startNode(t *testing.T) (_ *separateNode, restarts func(want int)) {
	t.Helper()
	// containerd also looks for shims in the folder of its own binary, after links.
	write(t, filepath.Join(in.bin, "containerd"), read(t, filepath.Join(in.bin, "containerd")))
	// The installer asks for a restart on one pipe, and waits for it on the other.
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
	return &separateNode{Node: n, t: t}, serveRestarts(t, n, ask, answer)
}

// runContainer starts a container and returns the pid of its shim.
func (n *separateNode) runContainer(id string) (shim int) {
	n.t.Helper()
	n.must(0, "run", "-d", "--null-io", "--runtime", runtimeName, imageName, id, "/bin/sleep", "1000")
	return shimOf(n.t, n.pid(id))
}

// executableOf returns the file that a process runs.
func executableOf(t *testing.T, pid int) string {
	t.Helper()
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Error(err)
	}
	return target
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
