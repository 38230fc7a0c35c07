package main

import (
	"fmt"
	"slices"
)

const runcPath = "github.com/opencontainers/runc"

// runc's libcontainer, whose init ends in [libcontainer.LastAct] instead of an
// execve of its own.
//
// Why: libcontainer loads seccomp filters itself and compiles them in every
// container's init, at every create and every exec; and it loads them several
// steps before execve, so that profiles must allow what runc happens to call
// there, and break with its releases. Its Init takes no hook, go build's
// -overlay refuses files of the module cache, and runc's maintainers do not want
// libcontainer to be a library for others (runc#2364, runc#3028).
//
// libcontainer's own seccomp code is out of the binary too: it needs the build
// tag seccomp, which nothing here sets. Without it, a container whose libcontainer
// configuration has a profile is refused, so a filter can only come by LastAct.
var runc = module{
	path:    runcPath,
	version: "v1.5.2",
	sum:     "h1:eUUowc2WJCnFYzI87C1WqRcu356Dk/wsoi90y+2wEfE=",
	// Both kinds of init, a container's first process and an exec'd one, end in a
	// call of execve. Before it they have closed all descriptors but those that the
	// caller passed.
	edits: []edit{
		{"libcontainer/standard_init_linux.go", importExec, ""},
		{"libcontainer/standard_init_linux.go", callExec, callLast},
		{"libcontainer/setns_init_linux.go", importExec, ""},
		{"libcontainer/setns_init_linux.go", callExec, callLast},
	},
	added: map[string]string{"libcontainer/last_act_linux.go": lastAct},
	check: checkOnlyWay,
}

const (
	importExec = "\t\"github.com/opencontainers/runc/internal/linux\"\n"
	callExec   = "return linux.Exec(name, l.config.Args, l.config.Env)\n"
	callLast   = "return LastAct(name, l.config.Args, l.config.Env)\n"
)

const lastAct = `// Written by seccomp-shim's shim/patch.

package libcontainer

import "errors"

// LastAct replaces an init, whose last act it is, by the user's program. It must
// be set before Init is called, and returns only if it fails. All descriptors
// are closed by then but those of Process.ExtraFiles.
var LastAct = func(path string, args, env []string) error {
	return errors.New("libcontainer.LastAct is not set")
}
`

// otherExecves are the places of the copy by which a process can still become
// another program, none of which a container's init comes to.
var otherExecves = []string{
	"internal/linux/linux.go: unix.Exec",    // the function whose calls the edits replace
	"libcontainer/nsenter/nsexec.c: execve", // of newuidmap and newgidmap, in a child
}

// checkOnlyWay fails if the copy has other places than those that were read.
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
