package container

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openAgent opens the socket of the filter's agent, without connecting to it. If
// ListenerDirs is set, the socket must be in one of these folders: the author of a profile
// chooses the path, and the shim connects to it as root.
func (f *Filter) openAgent() (*os.File, error) {
	socket, err := f.openAgentPath()
	if err != nil {
		return nil, invalidf("linux.seccomp.listenerPath: %q: %w", f.ListenerPath, err)
	}
	if info, err := socket.Stat(); err != nil || info.Mode().Type() != os.ModeSocket {
		socket.Close()
		return nil, invalidf("linux.seccomp.listenerPath: %q: is not a socket", f.ListenerPath)
	}
	return socket, nil
}

func (f *Filter) openAgentPath() (*os.File, error) {
	if f.ListenerDirs == nil {
		return pathOnly(unix.Open(f.ListenerPath, unix.O_PATH|unix.O_CLOEXEC, 0))
	}
	for _, dir := range f.ListenerDirs {
		below, err := filepath.Rel(dir, f.ListenerPath)
		if err == nil && filepath.IsLocal(below) {
			return openBelow(dir, below)
		}
	}
	return nil, fmt.Errorf("is in no folder of the option listener_dirs, %q", f.ListenerDirs)
}

// openBelow opens a file below dir. It follows no symbolic link that leads out of dir.
func openBelow(dir, path string) (*os.File, error) {
	root, err := pathOnly(unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0))
	if err != nil {
		return nil, fmt.Errorf("option listener_dirs: %q: %w", dir, err)
	}
	defer root.Close()
	file, err := pathOnly(unix.Openat2(int(root.Fd()), path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}))
	if errors.Is(err, unix.EXDEV) { // openat2(2): the path leaves the folder
		return nil, fmt.Errorf("a symbolic link leads out of %q, a folder of the option listener_dirs", dir)
	}
	return file, err
}

// pathOnly makes a file of a descriptor that was opened with O_PATH.
func pathOnly(fd int, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "opened by path"), nil
}

// connectTo connects to an opened socket. This is the file that was checked, even if
// another one has its path by now.
func connectTo(socket *os.File) (*net.UnixConn, error) {
	dialer := net.Dialer{Timeout: agentTimeout}
	conn, err := dialer.Dial("unix", fmt.Sprintf("/proc/self/fd/%d", socket.Fd()))
	if failed := (*net.OpError)(nil); errors.As(err, &failed) {
		return nil, failed.Err // without the path in /proc/self/fd, which says nothing
	}
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}
