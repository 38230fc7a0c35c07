// Command containerd-shim-seccomp-v1 is the containerd shim of the runtime
// io.containerd.seccomp.v1, and the init of every container that it runs.
package main

import (
	"context"

	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/shim"
	"seccomp-shim/shim/container"
)

func main() {
	if container.IsInit() {
		container.Init()
	}
	libseccomp.Helper()
	shim.Run(context.Background())
}
