package shim

import (
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/containerd/log"
	"golang.org/x/sys/unix"
)

// abandonedAfter is how long a shim stays that has no container and no client.
// containerd connects as soon as the start is answered, and stays connected.
const abandonedAfter = 20 * time.Second

// abandonment ends a shim that containerd has forgotten: it was killed between the
// start's answer and its first request, or between the last delete and Shutdown.
// No request will ever come, and the next containerd knows of no such shim.
type abandonment struct {
	socket  *socketFile
	service atomic.Pointer[service] // nil until it serves
}

// watch ends the process when the shim is abandoned.
func (a *abandonment) watch(ctx context.Context) {
	for used := time.Now(); time.Since(used) < abandonedAfter; time.Sleep(abandonedAfter / 8) {
		if s := a.service.Load(); s != nil && s.hasContainers() || a.socket.hasClients() {
			used = time.Now()
		}
	}
	log.G(ctx).Infof("nobody has used the shim for %s: it ends", abandonedAfter)
	if s := a.service.Load(); s != nil && !s.endIfEmpty() {
		a.watch(ctx)
		return
	} else if s != nil {
		time.Sleep(abandonedAfter) // it ends meanwhile
	}
	a.socket.release()
	os.Exit(1)
}

// hasClients reports whether anyone is connected to the socket, or about to be.
func (s *socketFile) hasClients() bool {
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
