package container

import "github.com/opencontainers/runc/libcontainer/utils"

// CloseDescriptorsOnExec marks all descriptors but the three streams close-on-exec. What this
// process starts then inherits only what it is given.
//
// Descriptors that Go code opens have the mark. Those that came through an execve have
// not: the shim's socket, by which a hook or a logging binary could answer containerd
// in the shim's place, and descriptors that containerd itself has inherited. Without
// close_range(2)'s CLOSE_RANGE_CLOEXEC (Linux 5.11) libcontainer reads /proc/self/fd.
func CloseDescriptorsOnExec() error {
	const first = 3
	return utils.CloseExecFrom(first)
}
