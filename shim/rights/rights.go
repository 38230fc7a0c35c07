// Package rights receives file descriptors over a Unix socket (SCM_RIGHTS, unix(7)).
package rights

import (
	"os"

	"golang.org/x/sys/unix"
)

// Receive reads a message of socket into data, and returns its length and the descriptors
// that were sent with it, in their order; the kernel closes those beyond most. They are
// close-on-exec. On a non-blocking socket the error may be EAGAIN.
func Receive(socket int, data []byte, most int) (n int, fds []int, err error) {
	control := make([]byte, unix.CmsgSpace(4*most))
	n, length, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, nil, os.NewSyscallError("recvmsg", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:length])
	if err != nil || len(messages) == 0 {
		return n, nil, err
	}
	fds, err = unix.ParseUnixRights(&messages[0])
	return n, fds, err
}
