//go:build lastact

package container

import (
	"os"

	"github.com/opencontainers/runc/libcontainer"

	"seccomp-shim/shim/container/load"
)

// errUnchanged is why this binary starts no process.
var errUnchanged error

// handOverLastAct makes libcontainer's init end with load.Exec. It compiles only with the
// libcontainer that package patch has changed.
func handOverLastAct() { libcontainer.LastAct = load.Exec }

// setBeforeResume makes a restore call f when all processes are made and stopped.
func setBeforeResume(opts *libcontainer.CriuOpts, f func(criu, init int) error) {
	opts.BeforeResume = f
}

// setJoinsCgroups says that the process joins its cgroups in its last act: see openTasks.
func setJoinsCgroups(p *libcontainer.Process) { p.JoinsCgroups = true }

// openTasksIn opens the tasks files in a cgroup's folders, by controller.
func openTasksIn(folders map[string]string) ([]*os.File, error) {
	return libcontainer.OpenTasks(folders)
}
