package bootstrap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/defaults"
	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"golang.org/x/sys/unix"
)

// defaultSocketDir is where containerd expects the socket if BootstrapParams name no
// directory.
var defaultSocketDir = filepath.Join(defaults.DefaultStateDir, "s")

// socketAddress returns the address of a group's shim.
func socketAddress(ctx context.Context, params *api.BootstrapParams, group string) (string, error) {
	dir := params.GetSocketDir()
	if dir == "" {
		dir = defaultSocketDir
	}
	return containerd.CreateSocketAddress(ctx, dir, params.GetContainerdGrpcAddress(), group, false)
}

func socketPath(address string) string { return strings.TrimPrefix(address, "unix://") }

// inherited is the descriptor at which containerd's package shim looks for the socket
// of a server that a start has started. Package prefork reserves it.
const inherited = 3

// Socket is the socket that this process serves on.
type Socket struct {
	path string
	file os.FileInfo // of the path when this process began to serve
	wide bool        // the socket is that of a wide group
}

// IsWide reports whether containers of several pods share the shim.
func (s *Socket) IsWide() bool { return s.wide }

// bindSocket makes the socket of a group's shim as descriptor 3. It returns nil if the
// group has a shim. A socket file without a shim is what a killed one left, and is
// replaced.
func bindSocket(address string) (_ *Socket, err error) {
	listener, err := containerd.NewSocket(address)
	if containerd.SocketEaddrinuse(err) {
		if hasShim(socketPath(address)) {
			return nil, nil
		}
		if err := containerd.RemoveSocket(address); err != nil {
			return nil, fmt.Errorf("remove stale shim socket: %w", err)
		}
		listener, err = containerd.NewSocket(address)
	}
	if err != nil {
		return nil, fmt.Errorf("create shim socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	defer listener.Close()
	socket := &Socket{path: socketPath(address)}
	if socket.file, err = os.Lstat(socket.path); err != nil {
		return nil, err
	}
	descriptor, err := listener.SyscallConn()
	if err != nil {
		return nil, err
	}
	err = descriptor.Control(func(fd uintptr) {
		if copied := unix.Dup3(int(fd), inherited, unix.O_CLOEXEC); copied != nil {
			err = fmt.Errorf("dup3 of the shim's socket: %w", copied)
		}
	})
	if err != nil {
		socket.remove()
		return nil, err
	}
	return socket, nil
}

// Release removes the socket file and this process's note. It is called before the
// process ends.
func (s *Socket) Release() {
	s.remove()
	forgetNote()
}

// remove removes the socket file, unless another shim has replaced it: containerd's
// RunShim also removes the socket if the group has the id of its first container, and
// the group's next shim may be there already.
func (s *Socket) remove() {
	if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.file) {
		_ = os.Remove(s.path) // if it stays, the group's next shim replaces it
	}
}
