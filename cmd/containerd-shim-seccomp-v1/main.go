// Command containerd-shim-seccomp-v1 is the containerd shim of the runtime
// io.containerd.seccomp.v1. It is also the init of its containers where there is no
// seccomp-shim-init beside it.
package main

import (
	"context"

	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/shim"
	"seccomp-shim/shim/container/initprocess"
)

func main() {
	if initprocess.IsInit() {
		initprocess.Main()
	}
	libseccomp.Helper()
	shim.Run(context.Background())
}
