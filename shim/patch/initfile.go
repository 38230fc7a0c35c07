package main

// libcontainer starts a container's init from the binary of its own process. With the
// change it starts it from what InitFile returns, which package initfile sets: the shim
// links much that an init has no use for, and a Go program pays for it at each start.
//
// The seal is libcontainer's still: View returns a file of a read-only overlay, and
// exeseal.CloneBinary a sealed memfd.
var executeInitFile = []edit{
	{"libcontainer/container_linux.go", "safeExe, err = exeseal.CloneSelfExe(c.stateDir)\n", "safeExe, err = InitFile(c.stateDir)\n"},
}

const initFileGo = `// Written by seccomp-shim's shim/patch.

package libcontainer

import "github.com/opencontainers/runc/libcontainer/exeseal"

// InitFile returns the file that an init is executed from. Nobody can write to it, also
// not by /proc/<pid>/exe (CVE-2019-5736). The caller closes it. dir is the container's
// folder of state.
var InitFile = exeseal.CloneSelfExe
`

const exesealView = `// Written by seccomp-shim's shim/patch.

package exeseal

import "os"

// View returns a file that is a read-only view of the one at path, which is absolute and
// no link. dir is any folder that is not above or below that file's folder.
func View(path, dir string) (*os.File, error) { return sealedOverlayfs(path, dir) }
`
