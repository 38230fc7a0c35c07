package testbed_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

const image = "docker.io/library/echo:latest"

// start returns a node with the echo image that stops with the test, and the runtime to
// use: the one under test, or runc's if that is not built.
func start(t *testing.T) (*testbed.Node, string) {
	t.Helper()
	bin := testbed.BinDir()
	if why := testbed.Unavailable(bin, "containerd", "ctr", "http-echo"); why != "" {
		t.Skip(why)
	}
	runtime := "io.containerd.seccomp.v1"
	if testbed.Unavailable(bin, testbed.ShimBinary(runtime)) != "" {
		runtime = "io.containerd.runc.v2"
	}
	if why := testbed.Unavailable(bin, testbed.ShimBinary(runtime)); why != "" {
		t.Skip(why)
	}
	node, err := testbed.Start(t.Context(), testbed.Options{Bin: bin, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	echo, err := os.ReadFile(filepath.Join(bin, "http-echo"))
	if err != nil {
		t.Fatal(err)
	}
	err = node.Import(t.Context(), image, testbed.Rootfs{
		Files:      map[string]testbed.File{"/bin/http-echo": {Content: echo, Mode: 0o755}},
		Entrypoint: []string{"/bin/http-echo"},
		Cmd:        []string{"-listen", "127.0.0.1:0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return node, runtime
}

func ctr(t *testing.T, node *testbed.Node, args ...string) testbed.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	result, err := node.Ctr(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// A node runs the image's command, lists what a container has on the host, keeps the
// container when containerd is killed, and has nothing left after a delete.
func TestNodeRunsContainers(t *testing.T) {
	node, runtime := start(t)

	bad := ctr(t, node, "run", "--rm", "--runtime", runtime, "--fifo-dir", node.FIFODir(), image, "bad", "/bin/http-echo", "-nonsense")
	if bad.ExitCode != 2 || !strings.Contains(bad.Stderr, "-nonsense: want") {
		t.Errorf("bad flag: exit %d, stderr %q", bad.ExitCode, bad.Stderr)
	}
	if left := node.Leftovers("bad"); len(left) > 0 {
		t.Errorf("after --rm:\n%s", strings.Join(left, "\n"))
	}

	run := ctr(t, node, "run", "-d", "--null-io", "--runtime", runtime, image, "good")
	if run.ExitCode != 0 {
		t.Fatalf("run -d: %s", run.Stderr)
	}
	wants := []string{"/bin/http-echo", testbed.ShimBinary(runtime), "bundle folder ", "mount ", "/" + node.Namespace() + "/good", "socket "}
	var footprint, lacks string
	// ctr returns when the program may start, which is before it has started.
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		footprint = strings.Join(node.Leftovers("good"), "\n")
		lacks = lacking(footprint, wants)
		if lacks == "" {
			break
		}
	}
	if lacks != "" {
		t.Errorf("footprint lacks %q:\n%s", lacks, footprint)
	}

	node.Kill()
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := ctr(t, node, "task", "ls").Stdout; !strings.Contains(list, "RUNNING") {
		t.Errorf("after a crash of containerd: %s", list)
	}
	ctr(t, node, "task", "delete", "--force", "good")
	ctr(t, node, "container", "delete", "good")
	if left := node.Leftovers("good"); len(left) > 0 {
		t.Errorf("after delete:\n%s", strings.Join(left, "\n"))
	}
}

func lacking(text string, wants []string) string {
	for _, want := range wants {
		if !strings.Contains(text, want) {
			return want
		}
	}
	return ""
}

// Stop removes running containers, and reports what belongs to no container.
func TestStopReportsLeftovers(t *testing.T) {
	node, runtime := start(t)
	ctr(t, node, "run", "-d", "--null-io", "--runtime", runtime, image, "running")
	footprint := node.Leftovers("running")

	cgroup := ""
	for _, line := range footprint {
		if path, ok := strings.CutPrefix(line, "folder /sys/fs/cgroup"); ok {
			cgroup = filepath.Join("/sys/fs/cgroup", filepath.Dir(path), "ghost")
		}
	}
	if cgroup == "" {
		t.Skipf("the runtime makes no cgroup below the namespace:\n%s", strings.Join(footprint, "\n"))
	}
	if err := os.Mkdir(cgroup, 0o755); err != nil {
		t.Fatal(err)
	}
	err := node.Stop()
	if err == nil || !strings.Contains(err.Error(), cgroup) || strings.Contains(err.Error(), "running") {
		t.Errorf("error %v does not name %s alone", err, cgroup)
	}
	for _, path := range []string{cgroup, filepath.Dir(cgroup), node.Dir()} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if left := node.Leftovers(""); len(left) > 0 {
		t.Errorf("after Stop:\n%s", strings.Join(left, "\n"))
	}
}

// Two runs of the same tests use the same options and ids at the same time. Neither
// reports nor removes what the other has on the host.
func TestNodesDoNotSeeEachOther(t *testing.T) {
	first, runtime := start(t)
	second, _ := start(t)
	for _, node := range []*testbed.Node{first, second} {
		if run := ctr(t, node, "run", "-d", "--null-io", "--runtime", runtime, image, "same"); run.ExitCode != 0 {
			t.Fatal(run.Stderr)
		}
	}
	for _, id := range []string{"same", ""} {
		for _, line := range first.Leftovers(id) {
			if slices.Contains(second.Leftovers(id), line) {
				t.Errorf("both nodes list %s", line)
			}
		}
	}
	if err := second.Stop(); err != nil {
		t.Errorf("stop beside a node that runs: %v", err)
	}
	footprint := strings.Join(first.Leftovers("same"), "\n")
	for _, want := range []string{"/bin/http-echo", "bundle folder ", "mount ", "/" + first.Namespace() + "/same", "socket "} {
		if !strings.Contains(footprint, want) {
			t.Errorf("after the other node's end the footprint lacks %q:\n%s", want, footprint)
		}
	}
	if list := ctr(t, first, "task", "ls").Stdout; !strings.Contains(list, "RUNNING") {
		t.Errorf("after the other node's end: %s", list)
	}
}

func TestStartReportsEarlyEnd(t *testing.T) {
	bin := testbed.BinDir()
	if why := testbed.Unavailable(bin, "containerd"); why != "" {
		t.Skip(why)
	}
	dir := t.TempDir()
	short, err := os.MkdirTemp("", "tb")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	_, err = testbed.Start(t.Context(), testbed.Options{Bin: bin, Dir: short, Config: "nonsense ="})
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "toml") {
		t.Errorf("error %v does not hold the end of the log", err)
	}
	_, err = testbed.Start(t.Context(), testbed.Options{Bin: bin, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a folder too long for sockets: %v", err)
	}
	for _, parent := range []string{dir, short} {
		if entries, _ := os.ReadDir(parent); len(entries) > 0 {
			t.Errorf("a failed start leaves %v", entries)
		}
	}
}
