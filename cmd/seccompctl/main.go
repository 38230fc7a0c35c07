// Command seccompctl compiles, inspects and explains seccomp profiles: see package command.
package main

import (
	"os"

	"seccomp-shim/cmd/seccompctl/command"
	"seccomp-shim/seccomp/compile"
)

func main() {
	compile.Helper()
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
