// Command seccompctl tells people what seccomp does: see package command.
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
