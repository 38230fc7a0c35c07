package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An edit replaces the one place of a file that reads like old.
type edit struct{ file, old, replacement string }

const (
	importExec = "\t\"github.com/opencontainers/runc/internal/linux\"\n"
	callExec   = "return linux.Exec(name, l.config.Args, l.config.Env)\n"
	callLast   = "return LastAct(name, l.config.Args, l.config.Env)\n"
)

// Both kinds of init, a container's first process and an exec'd one, end in a
// call of execve. Before it they have closed all descriptors but those that the
// caller passed.
var edits = []edit{
	{"libcontainer/standard_init_linux.go", importExec, ""},
	{"libcontainer/standard_init_linux.go", callExec, callLast},
	{"libcontainer/setns_init_linux.go", importExec, ""},
	{"libcontainer/setns_init_linux.go", callExec, callLast},
}

// lastAct is a file that the edits need.
const (
	lastActFile = "libcontainer/last_act_linux.go"
	lastAct     = `// Written by seccomp-shim's shim/container/patch.

package libcontainer

import "errors"

// LastAct replaces an init, whose last act it is, by the user's program. It must
// be set before Init is called, and returns only if it fails. All descriptors
// are closed by then but those of Process.ExtraFiles.
var LastAct = func(path string, args, env []string) error {
	return errors.New("libcontainer.LastAct is not set")
}
`
)

// apply edits the copy of runc in dir. It fails if runc is not what the edits
// were made for.
func apply(dir string) error {
	for _, e := range edits {
		path := filepath.Join(dir, e.file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := strings.Count(string(text), e.old); found != 1 {
			return fmt.Errorf("%s has %d places that read %q, not one", e.file, found, strings.TrimSpace(e.old))
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), e.old, e.replacement, 1)), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, lastActFile), []byte(lastAct), 0o644); err != nil {
		return err
	}
	return checkOnlyWay(dir)
}

// checkOnlyWay fails if libcontainer has another call of execve than those
// that the edits have replaced.
func checkOnlyWay(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "libcontainer", "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, call := range []string{"linux.Exec(", "unix.Exec(", "syscall.Exec(", "SYS_EXECVE"} {
			if strings.Contains(string(text), call) {
				return fmt.Errorf("%s still has %s", file, call)
			}
		}
	}
	return nil
}
