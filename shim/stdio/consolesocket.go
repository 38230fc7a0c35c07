package stdio

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/rights"
)

// ConsoleSocket receives the master side of a terminal. The container's init makes the
// terminal, in the container's devpts (OCI runtime spec, process.terminal).
type ConsoleSocket struct {
	Child  *os.File // for the container's init
	parent *os.File
}

// NewConsoleSocket makes the connected pair of sockets.
func NewConsoleSocket() (*ConsoleSocket, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, os.NewSyscallError("fcntl(O_NONBLOCK)", err)
	}
	return &ConsoleSocket{
		parent: os.NewFile(uintptr(fds[0]), "console"),
		Child:  os.NewFile(uintptr(fds[1]), "console-child"),
	}, nil
}

// Receive returns the terminal's master side, in the runtime's poller. The init sends it
// before it reports that it is ready, so Receive does not wait; the deadline turns a
// broken init into an error.
func (s *ConsoleSocket) Receive() (*os.File, error) {
	if err := s.parent.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	raw, err := s.parent.SyscallConn()
	if err != nil {
		return nil, err
	}
	name := make([]byte, 4096)
	var fds []int
	var failed error
	err = raw.Read(func(socket uintptr) bool {
		_, fds, failed = rights.Receive(int(socket), name, 1)
		return !errors.Is(failed, unix.EAGAIN) && !errors.Is(failed, unix.EINTR)
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	if len(fds) == 0 {
		return nil, errors.New("receive terminal: the init has sent no descriptor")
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		return nil, os.NewSyscallError("fcntl(O_NONBLOCK)", err)
	}
	return os.NewFile(uintptr(fds[0]), "ptmx"), nil
}

// Close closes both ends.
func (s *ConsoleSocket) Close() {
	if s == nil { // a process without a terminal
		return
	}
	s.parent.Close()
	s.Child.Close()
}
