//go:build lastact

package container

import (
	"github.com/opencontainers/runc/libcontainer"

	"seccomp-shim/shim/container/load"
)

// errUnchanged is why this binary starts no process.
var errUnchanged error

// handOverLastAct has libcontainer's init end in our last act. It compiles with the
// libcontainer that package patch has changed, and with no other.
func handOverLastAct() { libcontainer.LastAct = load.Exec }

// setBeforeResume has a restore ask f when all processes are made and stopped.
func setBeforeResume(opts *libcontainer.CriuOpts, f func(criu, init int) error) {
	opts.BeforeResume = f
}
