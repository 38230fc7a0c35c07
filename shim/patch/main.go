// Command patch copies the modules that the shim is built with, and changes a few lines
// of the copies.
//
//	go run ./shim/patch build
//
// makes build/runc and build/ttrpc, and build/go.mod, which is go.mod with the modules
// replaced by the copies. [runc] and [ttrpc] say what is changed, and why there is no
// other way. make builds with -modfile=build/go.mod -tags=lastact. Without the tag this
// repository is an ordinary Go module, for editors, go vet and tests, but its binary runs
// no container; with the tag and without the copies it does not compile.
//
// The repository contains no code of the modules. A copy is made from the module cache,
// and its files must have the checksum that is a constant here: go compares a module's
// checksum only when it unpacks the module. Each copy has a stamp with its own checksum,
// so a copy that was changed by hand is made again. After an update in go.mod this
// command fails until somebody has read the new version's code and changed the constants.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: patch DIRECTORY")
		os.Exit(2)
	}
	for _, m := range []module{runc, ttrpc} {
		if err := m.provide(m.copyIn(os.Args[1])); err != nil {
			fmt.Fprintf(os.Stderr, "patch %s: %v\n", m.path, err)
			os.Exit(1)
		}
	}
	if err := writeModfile(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "patch: %v\n", err)
		os.Exit(1)
	}
}
