// Command seccomp-shim-init is the init of every container, and of every exec, that
// containerd-shim-seccomp-v1 runs. It links nothing else, so that it starts fast.
package main

import (
	"fmt"
	"os"

	"seccomp-shim/shim/container/initprocess"
)

func main() {
	if !initprocess.IsInit() {
		fmt.Fprintln(os.Stderr, "seccomp-shim-init: containerd-shim-seccomp-v1 starts it, as the init of a container")
		os.Exit(2)
	}
	initprocess.Main()
}
