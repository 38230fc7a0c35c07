// Package descriptors keeps descriptors from programs that this process starts.
package descriptors

import "github.com/opencontainers/runc/libcontainer/utils"

// CloseOnExec sets close-on-exec on all descriptors but the three streams, so
// that programs which this process starts inherit only the descriptors they are given.
//
// Go sets close-on-exec on each descriptor that it opens, but a descriptor that came
// through an execve lacks it: the shim's socket, by which a hook or a logging binary could
// answer containerd in the shim's place, and descriptors that containerd itself has
// inherited. On kernels before Linux 5.11, which lack CLOSE_RANGE_CLOEXEC, libcontainer
// reads /proc/self/fd.
func CloseOnExec() error {
	const first = 3
	return utils.CloseExecFrom(first)
}
