package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// boundSocket is a new socket, which start hands to the shim as descriptor 3.
type boundSocket struct {
	socket *net.UnixListener
	file   *os.File
}

// bindSocket makes the socket of a group's shim. If the group has a shim, found is
// true and the socket nil. A socket file without a shim is what a killed one left, and
// is replaced.
func bindSocket(address string) (_ *boundSocket, found bool, err error) {
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
	return &boundSocket{socket, file}, false, nil
}

// close closes this process's descriptors, and removes the socket file if asked to.
func (b *boundSocket) close(unlink bool) {
	b.file.Close()
	b.socket.SetUnlinkOnClose(unlink)
	b.socket.Close()
}

// Socket is the socket that this process serves on.
type Socket struct {
	path string
	file os.FileInfo // of the path when this process began to serve
}

// InheritedSocket returns the socket that start has passed as descriptor 3, and listens
// on it.
func InheritedSocket() (*Socket, error) {
	// The kernel notes the listening process at each listen(2), and gives its
	// credentials to those who connect (unix_listen, SO_PEERCRED): from here on they
	// are this process's, not those of start. The backlog is lowered to the limit
	// net.core.somaxconn.
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
	return &Socket{named.Name, file}, nil
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
