// Command seccomp-shim-init is the init of every container, and of every exec, that
// containerd-shim-seccomp-v1 runs. It links nothing else, so that it starts fast.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"seccomp-shim/shim/container/initprocess"
	"seccomp-shim/version"
)

func main() {
	if initprocess.IsInit() {
		initprocess.Main()
	}
	if len(os.Args) != 2 || !slices.Contains([]string{"-v", "-version", "--version"}, os.Args[1]) {
		fmt.Fprintln(os.Stderr, "usage: seccomp-shim-init -v\ncontainerd-shim-seccomp-v1 runs it as the init of its containers")
		os.Exit(2)
	}
	if err := version.Write(os.Stdout, filepath.Base(os.Args[0]), ""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
