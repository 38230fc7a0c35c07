//go:build lastact

package container

import (
	"os"

	"github.com/opencontainers/runc/libcontainer"
)

// This file compiles only with the libcontainer that package patch has changed.

// errUnchanged is why this binary starts no process.
var errUnchanged error

// setBeforeResume makes a restore call f when all processes are made and stopped.
func setBeforeResume(opts *libcontainer.CriuOpts, f func(criu, init int) error) {
	opts.BeforeResume = f
}

// setInitFile makes libcontainer start inits and execs from the file that executable
// returns: a sealed one, which libcontainer closes.
func setInitFile(executable func(dir string) (*os.File, error)) { libcontainer.InitFile = executable }

// setJoinsCgroups says that the process joins its cgroups in its last act: see openTasks.
func setJoinsCgroups(p *libcontainer.Process) { p.JoinsCgroups = true }

// openTasksIn opens the tasks files in a cgroup's folders, by controller.
func openTasksIn(folders map[string]string) ([]*os.File, error) {
	return libcontainer.OpenTasks(folders)
}
