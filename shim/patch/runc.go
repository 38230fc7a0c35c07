package main

import (
	"fmt"
	"slices"
)

const runcPath = "github.com/opencontainers/runc"

// runc's libcontainer, whose init ends in [libcontainer.LastAct] instead of an
// execve of its own.
//
// Why: libcontainer compiles seccomp filters in every container's init, at every create
// and every exec, and loads them several steps before execve. So profiles must allow the
// calls that runc makes in these steps, and break when a release of runc makes other
// calls. Its Init takes no hook, go build's -overlay refuses files of the module cache,
// and runc's maintainers do not want libcontainer to be a library for others (runc#2364,
// runc#3028).
//
// A process whose first thread has ended lives on in its other threads. libcontainer
// takes it for dead, since the first thread is a zombie: it cannot be killed, paused or
// entered, and its cgroup cannot be removed (with runc, too). With the change a process
// is dead when no thread lives, and its namespaces are those of a live thread.
//
// A hook can leave a child behind that keeps the hook's stdout or stderr open.
// libcontainer waits for that child past the hook's timeout. With the change it waits
// one second.
//
// Processes that CRIU restores run as soon as CRIU resumes them, before libcontainer
// returns. With the change libcontainer calls BeforeResume before that, when none of them
// has executed an instruction: see package container on checkpoints.
//
// libcontainer's own seccomp code is not in the binary either: it needs the build tag
// seccomp, which nothing here sets. Without the tag, libcontainer refuses a container
// whose configuration has a profile, so that only LastAct can load a filter.
var runc = module{
	path:    runcPath,
	version: "v1.5.2",
	sum:     "h1:eUUowc2WJCnFYzI87C1WqRcu356Dk/wsoi90y+2wEfE=",
	// Both kinds of init, a container's first process and an exec'd one, end in a
	// call of execve. Before it they have closed all descriptors but those that the
	// caller passed.
	edits: append([]edit{
		{"libcontainer/standard_init_linux.go", importExec, ""},
		{"libcontainer/standard_init_linux.go", callExec, callLast},
		{"libcontainer/setns_init_linux.go", importExec, ""},
		{"libcontainer/setns_init_linux.go", callExec, callLast},
		{"libcontainer/container_linux.go", zombieIsDead, zombieMayLive},
		{"libcontainer/container_linux.go", namespacesOfPid, namespacesOfThread},
		{"libcontainer/configs/config.go", hookCommand, hookCommandBounded},
		{"libcontainer/configs/config.go", hookWait, hookWaitBounded},
		{"libcontainer/criu_opts_linux.go", criuOptions, criuOptionsAndOurs},
		{"libcontainer/criu_linux.go", criuNotified, criuAskBeforeResume + criuNotified},
	}, slices.Concat(beginInCgroup, joinInLastAct, executeInitFile)...),
	added: map[string]string{
		"libcontainer/last_act_linux.go":      lastAct,
		"libcontainer/live_thread_linux.go":   liveThread,
		"libcontainer/configs/wait_hook.go":   waitHook,
		"libcontainer/before_resume_linux.go": beforeResume,

		"libcontainer/begin_in_cgroup_linux.go": beginInCgroupGo,
		"libcontainer/nsenter/join_cgroups.c":   joinCgroupsC,

		"libcontainer/init_file_linux.go": initFileGo,
		"libcontainer/exeseal/view.go":    exesealView,
	},
	check: checkOnlyWay,
}

const (
	importExec = "\t\"github.com/opencontainers/runc/internal/linux\"\n"
	callExec   = "return linux.Exec(name, l.config.Args, l.config.Env)\n"
	callLast   = "return LastAct(name, l.config.Args, l.config.Env)\n"

	zombieIsDead  = "stat.StartTime != c.initProcessStartTime || stat.State == system.Zombie || stat.State == system.Dead {\n"
	zombieMayLive = "stat.StartTime != c.initProcessStartTime || (stat.State == system.Zombie || stat.State == system.Dead) && liveThread(pid) == 0 {\n"

	hookCommand        = "\tcmd := exec.Cmd{\n\t\tPath:   c.Path,\n"
	hookCommandBounded = "\tcmd := exec.Cmd{\n\t\tWaitDelay: time.Second,\n\n\t\tPath:   c.Path,\n"
	hookWait           = "\t\terr := cmd.Wait()\n"
	hookWaitBounded    = "\t\terr := waitHook(&cmd)\n"

	criuOptions         = "type CriuOpts struct {\n"
	criuOptionsAndOurs  = "// CriuOpts has BeforeResume, which is called when all restored processes exist and are stopped.\n" + criuOptions + "\tBeforeResume func(criu, init int) error\n\n"
	criuNotified        = "\t\t\tif err := c.criuNotifications(resp, process, cmd, opts, extFds, oob[:oobn]); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n"
	criuAskBeforeResume = "\t\t\tif err := opts.beforeResume(resp.GetNotify().GetScript(), criuProcess.Pid, cmd.Process.Pid); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n"

	namespacesOfPid    = "\tif pid > 0 {\n\t\tfor _, ns := range c.config.Namespaces {\n"
	namespacesOfThread = "\tif thread := liveThread(pid); thread > 0 {\n\t\tpid = thread\n\t}\n" + namespacesOfPid
)

const lastAct = `// Written by seccomp-shim's shim/patch.

package libcontainer

import "errors"

// LastAct is the last act of an init: it replaces the process by the user's program,
// and returns only if it fails. Set it before Init is called. When it is called, all
// descriptors are closed but those of Process.ExtraFiles.
var LastAct = func(path string, args, env []string) error {
	return errors.New("libcontainer.LastAct is not set")
}
`

const liveThread = `// Written by seccomp-shim's shim/patch.

package libcontainer

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/runc/libcontainer/system"
)

// liveThread returns the id of a process's first thread that has not ended, or 0 if all
// have. /proc has a directory for it, as for a pid.
func liveThread(pid int) int {
	threads, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		stat, err := system.Stat(id)
		if err == nil && stat.State != system.Zombie && stat.State != system.Dead {
			return id
		}
	}
	return 0
}
`

const waitHook = `// Written by seccomp-shim's shim/patch.

package configs

import (
	"errors"
	"os/exec"
)

// waitHook waits for a hook, and for cmd.WaitDelay for a child that the hook has left
// behind with its stdout or stderr.
func waitHook(cmd *exec.Cmd) error {
	err := cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}
`

const beforeResume = `// Written by seccomp-shim's shim/patch.

package libcontainer

// beforeResume calls BeforeResume when CRIU notifies that its next step is to resume the
// restored processes. CRIU takes that step after an error, too.
func (o *CriuOpts) beforeResume(script string, criu, init int) error {
	if o == nil || o.BeforeResume == nil || script != "pre-resume" {
		return nil
	}
	return o.BeforeResume(criu, init)
}
`

// otherExecves are the places of the copy at which a process can still become another
// program. A container's init comes to none of them.
var otherExecves = []string{
	"internal/linux/linux.go: unix.Exec",    // the function whose calls the edits replace
	"libcontainer/nsenter/nsexec.c: execve", // of newuidmap and newgidmap, in a child
}

// checkOnlyWay returns an error if the copy has other places than otherExecves.
func checkOnlyWay(dir string) error {
	found, err := execves(dir)
	if err != nil {
		return err
	}
	if !slices.Equal(found, otherExecves) {
		return fmt.Errorf("a process can become another program at %q; those places that were read are %q", found, otherExecves)
	}
	return nil
}
