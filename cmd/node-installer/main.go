// Command node-installer puts the runtime handler "seccomp" on a node: see package
// installer.
package main

import (
	"os"

	"seccomp-shim/deploy/installer"
)

func main() { os.Exit(installer.Run(os.Args, os.Stdout, os.Stderr)) }
