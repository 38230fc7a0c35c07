package bootstrap

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/poll"
)

// removeDeadSocket removes the socket file that a killed shim has left. Start has noted
// its address in the bundle. If the group has a new shim by now, the file is that one's,
// and stays.
func removeDeadSocket(dir bundle.Dir) {
	address, err := dir.Address()
	if err != nil {
		return // there was no shim, or an earlier delete has removed the bundle
	}
	removeIfDead(socketPath(address))
}

// removeIfDead removes a socket file on which no shim serves.
func removeIfDead(path string) {
	file, err := os.Lstat(path)
	if err != nil || file.Mode().Type() != os.ModeSocket {
		return
	}
	if !hasShim(path) { // a live shim may serve other containers of the group
		(&Socket{path: path, file: file}).remove()
	}
}

// hasShim reports whether a shim serves on a socket.
//
// A listening socket is not enough: a shim that is killed between fork and execve of a
// child leaves the socket to the child for a moment. A missing answer says nothing:
// containerd's CanConnect takes 100 milliseconds without an answer for an end, and a
// live shim would lose its socket on a loaded machine. So hasShim asks for the process
// that listens. If that has ended, the socket is soon closed, or a shim that was just
// started listens on it.
func hasShim(path string) bool {
	refused := false
	poll.Until(5*time.Millisecond, 3*time.Second, func() bool {
		pid, err := listeningPID(path)
		refused = errors.Is(err, unix.ECONNREFUSED)
		return err != nil || isAlive(pid)
	})
	return !refused // if in doubt there is one: without its socket nobody can reach a shim
}

// listeningPID returns the process that listens on a socket. It may have ended.
func listeningPID(path string) (pid int, err error) {
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

// isAlive reports whether a process has not ended. A zombie has.
func isAlive(pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return !errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	ended, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return err != nil || ended == 0
}
