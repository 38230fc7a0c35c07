package bootstrap

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// HasClients reports whether a client is connected to the socket, or waits to be
// accepted.
func (s *Socket) HasClients() bool {
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return true // if in doubt
	}
	for _, d := range descriptors {
		fd, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		name, err := unix.Getsockname(fd)
		if named, ok := name.(*unix.SockaddrUnix); err != nil || !ok || named.Name != s.path {
			continue
		}
		listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		if err != nil || listens == 0 {
			return true // a connection
		}
		waiting := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(waiting, 0); err != nil || n > 0 {
			return true
		}
	}
	return false
}
