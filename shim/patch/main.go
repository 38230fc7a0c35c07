// Command patch makes the copies of modules that the shim is built with: the pinned
// versions with a few lines changed.
//
//	go run ./shim/patch build
//
// makes build/runc and build/ttrpc, and build/go.mod, which is go.mod with the modules
// replaced by the copies. [runc] and [ttrpc] say what is changed, and why there is no
// other way. make builds with -modfile=build/go.mod -tags=lastact. Without the tag this
// is a Go module as any other, for editors, go vet and tests, but its binary runs no
// container; with the tag, but without the copies, it does not compile.
//
// Nothing of the modules is in this repository. A copy comes out of the module
// cache, and the checksum of its files must be the one that is written down here:
// go compares it when it unpacks a module, and later never again. The copy's own
// checksum is in its stamp, so that a copy that is changed by hand is made again.
// An update in go.mod fails until somebody has read the new version's code and
// changed the constants.
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
