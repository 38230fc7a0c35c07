package stdio

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ConsoleSocket receives the master side of a terminal that was made inside the
// container, where its devpts is (OCI runtime spec, process.terminal).
type ConsoleSocket struct {
	Child  *os.File // for the container's init
	parent *os.File
}

// NewConsoleSocket makes a connected pair.
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

// Receive returns the terminal's master side, ready to be copied from. The init
// has sent it before it reports that it is ready, so there is nothing to wait
// for; the deadline turns a broken init into an error.
func (s *ConsoleSocket) Receive() (*os.File, error) {
	if err := s.parent.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	raw, err := s.parent.SyscallConn()
	if err != nil {
		return nil, err
	}
	oob := make([]byte, unix.CmsgSpace(4))
	name := make([]byte, 4096)
	oobn := 0
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		_, oobn, _, _, failed = unix.Recvmsg(int(fd), name, oob, unix.MSG_CMSG_CLOEXEC)
		return !errors.Is(failed, unix.EAGAIN) && !errors.Is(failed, unix.EINTR)
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	return terminalFrom(oob[:oobn])
}

func terminalFrom(oob []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	if len(messages) != 1 {
		return nil, fmt.Errorf("receive terminal: %d control messages instead of one", len(messages))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, fmt.Errorf("receive terminal: %w", err)
	}
	// The buffer has room for one descriptor.
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		return nil, os.NewSyscallError("fcntl(O_NONBLOCK)", err)
	}
	return os.NewFile(uintptr(fds[0]), "ptmx"), nil
}

// Close releases both ends.
func (s *ConsoleSocket) Close() {
	if s == nil { // a process without a terminal
		return
	}
	s.parent.Close()
	s.Child.Close()
}
