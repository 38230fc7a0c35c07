package resolve

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// Here returns the place of a container with these capabilities on this node, which the
// conditions of Docker's profile format ask about.
func Here(bounding []string) (seccomp.Place, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return seccomp.Place{}, fmt.Errorf("uname: %w", err)
	}
	kernel, err := seccomp.ParseKernel(unix.ByteSliceToString(uts.Release[:]))
	if err != nil {
		return seccomp.Place{}, fmt.Errorf("uname: %w", err)
	}
	return seccomp.Place{Capabilities: bounding, Arch: runtime.GOARCH, Kernel: kernel}, nil
}
