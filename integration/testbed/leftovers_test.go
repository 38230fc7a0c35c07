package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/containerd/containerd/v2/defaults"
	"golang.org/x/sys/unix"
)

// A shim may live in a network namespace whose Unix sockets the kernel does not list
// here. A connection shows whether the socket is served.
func TestSocketsOfAnotherNetworkNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes a network namespace")
	}
	dir, err := os.MkdirTemp("", "tb") // t.TempDir's name is too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	n := &Node{dir: dir, version: version{2, 4}}
	if err := os.Mkdir(n.socketDir(), 0o711); err != nil {
		t.Fatal(err)
	}
	served, dead := filepath.Join(n.socketDir(), "a"), filepath.Join(n.socketDir(), "b")
	t.Cleanup(listenElsewhere(t, served))
	listenElsewhere(t, dead)()
	if err := os.WriteFile(filepath.Join(n.socketDir(), "c"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{served, dead + " (nobody listens)", filepath.Join(n.socketDir(), "c") + " (nobody listens)"}
	if got := n.sockets(""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// listenElsewhere listens in a new network namespace. The returned function stops that,
// and leaves the file as a killed shim does.
func listenElsewhere(t *testing.T, path string) (stop func()) {
	t.Helper()
	result := make(chan error)
	var listener *net.UnixListener
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		}
		result <- err
	}()
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	return func() { listener.Close() }
}

// Two runs have containers with the same id, and systemd makes cgroups for both.
func TestScopesOfAnotherNode(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	n := &Node{opts: Options{Namespace: fmt.Sprintf("scopes-%d", os.Getpid())}}
	parent := filepath.Join(cgroupRoots()[0], n.opts.Namespace)
	t.Cleanup(func() {
		if err := removeDirs(parent); err != nil {
			t.Error(err)
		}
	})
	own := filepath.Join(parent, n.opts.Namespace+"-same.scope")
	pod := filepath.Join(parent, "cri-containerd-same.scope")
	for _, dir := range []string{parent, own, pod, filepath.Join(parent, "node-2-same.scope")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got := n.scopes("same")
	slices.Sort(got)
	if want := []string{pod, own}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A containerd before 2.3 has its sockets in a folder of the host. A run with a folder
// of its own does not find a dead socket there that another run has left.
func TestSocketsOfAnotherRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: mounts")
	}
	n := &Node{version: version{1, 7}}
	if !IsPrivate() {
		cmd, err := Again(t.Context(), syscall.CLONE_NEWNS)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Args = []string{cmd.Path, "-test.run", "^TestSocketsOfAnotherRun$", "-test.v"}
		cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		return
	}
	// Hide the host's folder, and write a script that answers as an old containerd does.
	bin := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(bin, "containerd"), []byte("#!/bin/sh\necho containerd example.org v1.7.0 0\n"), 0o755),
		MountPrivately(Tmpfs(filepath.Dir(defaults.DefaultStateDir))),
		os.MkdirAll(n.socketDir(), 0o711))
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(n.socketDir(), "a")
	listenElsewhere(t, dead)()
	if got, want := n.sockets(""), []string{dead + " (nobody listens)"}; !slices.Equal(got, want) {
		t.Errorf("without a folder of its own: got %q, want %q", got, want)
	}
	code := WithOwnSockets(bin, func() int { return len(n.sockets("")) })
	if code != 0 {
		t.Errorf("with a folder of its own %d sockets are found", code)
	}
}
