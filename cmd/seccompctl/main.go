// Command seccompctl tells people what seccomp does: it compiles profiles as the
// shim does, shows and checks compiled programs and those of running processes,
// and explains what a profile answers and why.
package main

import (
	"os"

	"seccomp-shim/seccomp/compile"
)

func main() {
	compile.Helper()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
