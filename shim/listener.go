package shim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/defaults"
	containerd "github.com/containerd/containerd/v2/pkg/shim"
)

// listeners are the sockets that a new shim inherits: descriptor 3 for the task
// service and, with debug logging, 4 for pprof.
type listeners struct {
	address   string // of the task service
	addresses []string
	sockets   []*net.UnixListener
	files     []*os.File
}

// listen makes the sockets of a group's shim. If the group has a shim that
// answers, found is true and only the address is set.
func listen(ctx context.Context, params *bootstrap.BootstrapParams, group string, debug bool) (_ *listeners, found bool, err error) {
	dir := params.GetSocketDir()
	if dir == "" {
		dir = filepath.Join(defaults.DefaultStateDir, "s")
	}
	l := &listeners{}
	defer func() {
		if err != nil {
			l.close(&err)
		}
	}()
	l.address, err = containerd.CreateSocketAddress(ctx, dir, params.GetContainerdGrpcAddress(), group, false)
	if err != nil {
		return nil, false, err
	}
	if found, err = l.add(l.address); err != nil || found {
		return l, found, err
	}
	if !debug {
		return l, false, nil
	}
	address, err := containerd.CreateSocketAddress(ctx, dir, params.GetContainerdGrpcAddress(), group, true)
	if err != nil {
		return nil, false, err
	}
	if found, err := l.add(address); err != nil {
		return nil, false, err
	} else if found {
		return nil, false, fmt.Errorf("debug socket %s belongs to another shim", address)
	}
	return l, false, nil
}

// add listens on an address. A socket file that nobody answers on is what a
// killed shim left, and is replaced.
func (l *listeners) add(address string) (answered bool, err error) {
	socket, err := containerd.NewSocket(address)
	if containerd.SocketEaddrinuse(err) {
		if containerd.CanConnect(address) {
			return true, nil
		}
		if err := containerd.RemoveSocket(address); err != nil {
			return false, fmt.Errorf("remove stale shim socket: %w", err)
		}
		socket, err = containerd.NewSocket(address)
	}
	if err != nil {
		return false, fmt.Errorf("create shim socket: %w", err)
	}
	l.addresses = append(l.addresses, address)
	l.sockets = append(l.sockets, socket)
	file, err := socket.File()
	if err != nil {
		return false, err
	}
	l.files = append(l.files, file)
	return false, nil
}

// close releases this process's descriptors, and if *failed, the socket files too.
func (l *listeners) close(failed *error) {
	for _, f := range l.files {
		f.Close()
	}
	for _, s := range l.sockets {
		s.SetUnlinkOnClose(false)
		s.Close()
	}
	if *failed == nil {
		return
	}
	for _, address := range l.addresses {
		if err := containerd.RemoveSocket(address); err != nil && !errors.Is(err, os.ErrNotExist) {
			*failed = errors.Join(*failed, err)
		}
	}
}
