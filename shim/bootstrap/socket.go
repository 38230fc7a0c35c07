package shim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/defaults"
	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/bundle"
)

// defaultSocketDir is where containerd expects sockets of shims that it does not
// tell a folder.
var defaultSocketDir = filepath.Join(defaults.DefaultStateDir, "s")

// listener is the socket that a new shim inherits, as descriptor 3.
type listener struct {
	socket *net.UnixListener
	file   *os.File
}

// socketAddress returns the address of a group's shim.
func socketAddress(ctx context.Context, params *bootstrap.BootstrapParams, group string) (string, error) {
	dir := params.GetSocketDir()
	if dir == "" {
		dir = defaultSocketDir
	}
	return containerd.CreateSocketAddress(ctx, dir, params.GetContainerdGrpcAddress(), group, false)
}

func socketPath(address string) string { return strings.TrimPrefix(address, "unix://") }

// listen makes the socket of a group's shim. If the group has a shim, found is
// true and there is no listener. A socket file without a shim is what a killed
// one left, and is replaced.
func listen(address string) (_ *listener, found bool, err error) {
	socket, err := containerd.NewSocket(address)
	if containerd.SocketEaddrinuse(err) {
		if hasShim(socketPath(address)) {
			return nil, true, nil
		}
		if err := containerd.RemoveSocket(address); err != nil {
			return nil, false, fmt.Errorf("remove stale shim socket: %w", err)
		}
		socket, err = containerd.NewSocket(address)
	}
	if err != nil {
		return nil, false, fmt.Errorf("create shim socket: %w", err)
	}
	file, err := socket.File()
	if err != nil {
		return nil, false, errors.Join(err, socket.Close())
	}
	return &listener{socket, file}, false, nil
}

// close releases this process's descriptors, and removes the socket file if asked to.
func (l *listener) close(unlink bool) {
	l.file.Close()
	l.socket.SetUnlinkOnClose(unlink)
	l.socket.Close()
}

// socketFile is the file of the socket that this process serves on.
type socketFile struct {
	path string
	file os.FileInfo
}

func inheritedSocket() (*socketFile, error) {
	// From now on those who connect are told that it is this process who listens:
	// the kernel notes it at each listen (unix_listen). It lowers the number to its
	// limit (net.core.somaxconn).
	if err := unix.Listen(3, 1<<15); err != nil {
		return nil, fmt.Errorf("inherited socket: %w", err)
	}
	address, err := unix.Getsockname(3)
	if err != nil {
		return nil, fmt.Errorf("inherited socket: %w", err)
	}
	named, ok := address.(*unix.SockaddrUnix)
	if !ok {
		return nil, fmt.Errorf("inherited socket: no Unix socket: %T", address)
	}
	file, err := os.Lstat(named.Name)
	if err != nil {
		return nil, err
	}
	return &socketFile{named.Name, file}, nil
}

// remove removes the file, unless it is another shim's by now: containerd's
// RunShim removes the socket too, if the group is called as its first container,
// and the next shim of that group may be there already.
func (s *socketFile) remove() {
	if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.file) {
		_ = os.Remove(s.path) // a new shim would replace it
	}
}

// release removes the file, and the note of it, when this process ends.
func (s *socketFile) release() {
	s.remove()
	forgetNote()
}

// removeDeadSocket removes the socket file that a killed shim has left, whose
// address its start has noted in the bundle. The group may have a new shim by
// now, which has made it its own.
func removeDeadSocket(dir bundle.Dir) {
	address, err := dir.Address()
	if err != nil {
		return // there was no shim, or the bundle is gone and had been cleaned up before
	}
	removeIfDead(socketPath(address))
}

// removeIfDead removes a socket file on which no shim serves.
func removeIfDead(path string) {
	file, err := os.Lstat(path)
	if err != nil || file.Mode().Type() != os.ModeSocket {
		return
	}
	if !hasShim(path) { // a live shim may serve others of its group
		(&socketFile{path, file}).remove()
	}
}

// hasShim reports whether a shim serves on a socket.
//
// That somebody listens is not enough: a shim that is killed between fork and
// execve of a child leaves the socket to the child for a moment. And that nobody
// answers says nothing: containerd's CanConnect takes 100 milliseconds without an
// answer for an end, and a live shim would lose its socket on a loaded machine. So
// it is the process that counts. If it has ended, the socket is soon closed, or a
// shim that was just started makes it its own.
func hasShim(path string) bool {
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		pid, err := listens(path)
		switch {
		case errors.Is(err, unix.ECONNREFUSED):
			return false
		case err != nil, runs(pid), time.Now().After(deadline):
			return true // if in doubt: without its socket a shim cannot be reached any more
		}
	}
}

// listens returns the process that listens on a socket, which may have ended.
func listens(path string) (pid int, err error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return 0, err
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(peer.Pid), nil
}

// runs reports whether a process has not ended, as a zombie has.
func runs(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return !errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	ended, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return err != nil || ended == 0
}
