package main

// A container's first process begins in its cgroups. libcontainer starts it first, and
// moves it by writing its pid to cgroup.procs. That write waits for an RCU grace period,
// since it locks cgroup_threadgroup_rwsem against forks of the whole system; on Linux
// 6.18 and cgroup v1 it is 5 ms of each create, on busy machines 15.
//
// The kernel needs no such lock for a thread that moves itself: cgroup_procs_write_start
// takes it only for a whole process or another's thread (since Linux 5.5). So on cgroup
// v1 the process writes 0 to each tasks file while it has one thread, in nsexec, before
// it makes namespaces. Nine files take 0.1 ms. On cgroup v2 a thread cannot move alone,
// and the process is made in the cgroup, by CLONE_INTO_CGROUP of clone3(2), as
// libcontainer does for exec. systemd moves the process by its pid, so nothing changes
// with its driver.
var beginInCgroup = []edit{
	{"libcontainer/process_linux.go",
		"\terr := p.cmd.Start()\n\tp.process.ops = p\n",
		`	if err := p.prepareCgroup(); err != nil {
		p.comm.closeChild()
		return fmt.Errorf("unable to apply cgroup configuration: %w", err)
	}
	err := p.startInCgroup()
	p.process.ops = p
`},
	{"libcontainer/process_linux.go", "p.manager.Apply(p.pid())", "p.applyCgroup()"},
	{"libcontainer/process_linux.go",
		"\tintelRdtManager *intelrdt.Manager\n}\n\n// getChildPid",
		"\tintelRdtManager *intelrdt.Manager\n\n\t// cgroupFiles are closed when the process has started.\n\tcgroupFiles []*os.File\n}\n\n// getChildPid"},
	{"libcontainer/nsenter/nsexec.c", "#include \"log.h\"\n", "void join_cgroups(void);\n#include \"log.h\"\n"},
	{"libcontainer/nsenter/nsexec.c", "\tpipenum = getenv_int(\"_LIBCONTAINER_INITPIPE\");\n", "\tjoin_cgroups();\n\tpipenum = getenv_int(\"_LIBCONTAINER_INITPIPE\");\n"},
}

// joinInLastAct are the edits by which an exec'd process is not moved to its cgroups on
// cgroup v1, if its caller says so: its last act joins them (package load). A unified
// hierarchy beside v1 has no tasks files, so there it is made in the cgroup.
var joinInLastAct = []edit{
	{"libcontainer/process.go", "\tCPUAffinity *configs.CPUAffinity\n}\n",
		"\tCPUAffinity *configs.CPUAffinity\n\n\t// JoinsCgroups says that the last act of an exec'd process joins the cgroups of cgroup v1.\n\tJoinsCgroups bool\n}\n"},
	{"libcontainer/process_linux.go", "\tif !cgroups.IsCgroup2UnifiedMode() {\n\t\treturn nil, nil\n\t}\n",
		"\tif !p.process.JoinsCgroups && !cgroups.IsCgroup2UnifiedMode() {\n\t\treturn nil, nil\n\t}\n"},
	{"libcontainer/process_linux.go", "\tif cgroups.IsCgroup2UnifiedMode() {\n\t\treturn p.addIntoCgroupV2()\n\t}\n",
		"\tif p.process.JoinsCgroups && p.manager.Path(\"\") == \"\" {\n\t\treturn nil\n\t}\n\tif cgroups.IsCgroup2UnifiedMode() {\n\t\treturn p.addIntoCgroupV2()\n\t}\n"},
}

const beginInCgroupGo = `// Written by seccomp-shim's shim/patch.

package libcontainer

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/opencontainers/cgroups"
	"golang.org/x/sys/unix"
)

// beginsInCgroup reports whether the process is in its cgroups from the beginning.
// Otherwise it is moved when it has started.
func (p *initProcess) beginsInCgroup() bool {
	c := p.config.Config.Cgroups
	return !c.Systemd && !c.Rootless
}

// prepareCgroup makes the cgroups, and has the process begin in them.
func (p *initProcess) prepareCgroup() (err error) {
	if !p.beginsInCgroup() {
		return nil
	}
	defer func() {
		if err != nil {
			p.closeCgroupFiles()
			_ = p.manager.Destroy()
		}
	}()
	if err := p.manager.Apply(-1); err != nil {
		return err
	}
	if unified := p.manager.Path(""); unified != "" { // cgroup v2, or beside v1
		dir, err := cgroups.OpenFile(unified, "", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err == nil {
			p.cgroupFiles = append(p.cgroupFiles, dir)
			p.cmd.SysProcAttr.UseCgroupFD = true
			p.cmd.SysProcAttr.CgroupFD = int(dir.Fd())
		}
	}
	return p.passTasks()
}

func (p *initProcess) closeCgroupFiles() {
	for _, f := range p.cgroupFiles {
		_ = f.Close()
	}
	p.cgroupFiles = nil
}

// passTasks passes the tasks files of cgroup v1 to the process: see join_cgroups.c.
func (p *initProcess) passTasks() error {
	tasks, err := OpenTasks(p.manager.GetPaths())
	if err != nil || len(tasks) == 0 {
		return err
	}
	first := stdioFdCount + len(p.cmd.ExtraFiles)
	p.cgroupFiles = append(p.cgroupFiles, tasks...)
	p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, tasks...)
	p.cmd.Env = append(p.cmd.Env, fmt.Sprintf("_LIBCONTAINER_CGROUP_TASKS=%d-%d", first, first+len(tasks)-1))
	return nil
}

// OpenTasks opens the tasks files of cgroups on cgroup v1, whose folders are given by
// controller. The unified hierarchy, which is that of "", has none.
func OpenTasks(folders map[string]string) (files []*os.File, err error) {
	defer func() {
		if err != nil {
			for _, f := range files {
				_ = f.Close()
			}
		}
	}()
	// Controllers that are mounted together share a folder.
	opened := map[string]bool{folders[""]: true}
	for controller, folder := range folders {
		if opened[folder] {
			continue
		}
		opened[folder] = true
		file, err := cgroups.OpenFile(folder, "tasks", os.O_WRONLY)
		if errors.Is(err, os.ErrNotExist) && (controller == "misc" || strings.HasPrefix(controller, "name=")) {
			continue // without resources of ours; Apply tries to make it, and goes on
		}
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

func (p *initProcess) startInCgroup() error {
	defer p.closeCgroupFiles()
	again := cloneCmd(p.cmd)
	err := p.cmd.Start()
	if err != nil && p.cmd.SysProcAttr.UseCgroupFD {
		// Before Linux 5.7, or in a cgroup that may have no processes: then applyCgroup
		// moves it, or says why it cannot.
		again.SysProcAttr.UseCgroupFD = false
		p.cmd = again
		err = p.cmd.Start()
	}
	if err != nil && p.beginsInCgroup() {
		_ = p.manager.Destroy()
	}
	return err
}

// applyCgroup moves a process that did not begin in its cgroups.
func (p *initProcess) applyCgroup() error {
	if p.beginsInCgroup() && (p.cmd.SysProcAttr.UseCgroupFD || p.manager.Path("") == "") {
		return nil
	}
	return p.manager.Apply(p.pid())
}
`

const joinCgroupsC = `/* Written by seccomp-shim's shim/patch. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

/*
 * join_cgroups moves this process into the cgroups whose tasks files it has
 * inherited. The kernel reads 0 as the thread that writes, for which it needs
 * no lock that waits for the whole system; the process has one thread as yet.
 */
void join_cgroups(void)
{
	const char *descriptors = getenv("_LIBCONTAINER_CGROUP_TASKS");
	int first, last;

	if (descriptors == NULL)
		return;
	if (sscanf(descriptors, "%d-%d", &first, &last) != 2)
		bailx("unable to parse _LIBCONTAINER_CGROUP_TASKS=%s", descriptors);
	for (int fd = first; fd <= last; fd++) {
		if (write(fd, "0", 1) != 1)
			bail("unable to join cgroup %d of %d", fd - first + 1, last - first + 1);
		if (close(fd) < 0)
			bail("unable to close the tasks file of cgroup %d", fd - first + 1);
	}
}
`
