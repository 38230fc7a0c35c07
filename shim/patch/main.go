// Command patch makes the copies of modules that this one builds with: the pinned
// versions with a few lines changed. go.mod replaces the modules by the copies, so
// a build without the changes does not exist.
//
//	go run ./shim/patch build
//
// makes build/runc and build/ttrpc. [runc] and [ttrpc] say what is changed, and
// why there is no other way.
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
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: patch DIRECTORY")
		os.Exit(2)
	}
	for _, m := range []module{runc, ttrpc} {
		if err := m.provide(filepath.Join(os.Args[1], filepath.Base(m.path))); err != nil {
			fmt.Fprintf(os.Stderr, "patch %s: %v\n", m.path, err)
			os.Exit(1)
		}
	}
}
