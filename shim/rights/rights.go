// Package rights receives a file descriptor over a Unix socket (SCM_RIGHTS, unix(7)).
package rights

import (
	"os"

	"golang.org/x/sys/unix"
)

// Receive reads a message of socket into data, and returns its length. fd is the
// descriptor that was sent with it, which is close-on-exec, or -1 if there is none, as at
// EOF. On a non-blocking socket the error may be EAGAIN.
func Receive(socket int, data []byte) (n, fd int, err error) {
	control := make([]byte, unix.CmsgSpace(4)) // room for one descriptor
	n, length, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, -1, os.NewSyscallError("recvmsg", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:length])
	if err != nil || len(messages) == 0 {
		return n, -1, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return n, -1, err
	}
	return n, fds[0], nil
}
