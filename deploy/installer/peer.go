package installer

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// programFolders returns the process that serves a socket, and the folders in which it
// looks for programs.
func programFolders(socket string) (process int, folders []string, err error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	var peer *unix.Ucred // of the process that listens: unix(7)
	var failed error
	if err := raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, nil, err
	}
	if failed != nil {
		return 0, nil, failed
	}
	proc := fmt.Sprintf("/proc/%d", peer.Pid)
	environment, err := os.ReadFile(proc + "/environ")
	if err != nil {
		return 0, nil, err
	}
	for variable := range strings.SplitSeq(string(environment), "\x00") {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			folders = filepath.SplitList(path)
		}
	}
	program, err := os.Readlink(proc + "/exe")
	if err != nil {
		return 0, nil, err
	}
	return int(peer.Pid), append(folders, filepath.Dir(program)), nil
}
