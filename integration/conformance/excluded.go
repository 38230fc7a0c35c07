package main

import (
	"fmt"
	"io"
	"strings"
)

// excluded are the tests that are not about the runtime under test.
var excluded = []struct{ test, why string }{
	{"TestIssue9103", "replaces the runc binary by one that kills its init (Options.BinaryName); our TestStress has an init that dies while it is created"},
	{"TestIssue10589", "replaces the runc binary by one that delays an exec (Options.BinaryName); our TestStress has execs that meet init's exit"},
	{"TestKillContainerDeletedByRunc", "deletes a container behind the shim's back with a runc binary (Options.Root)"},
	{"TestDaemonRuntimeRoot", "looks for runc's state in a folder of its choice (Options.Root)"},
}

// skipped returns a regular expression for the tests that are not run.
func (s settings) skipped() string {
	var all []string
	if s.runtime == ourRuntime {
		for _, l := range excluded {
			all = append(all, "^"+l.test+"$")
		}
	}
	if s.skip != "" {
		all = append(all, s.skip)
	}
	return strings.Join(all, "|")
}

func writeLeftOut(w io.Writer) {
	for _, l := range excluded {
		fmt.Fprintf(w, "left out %s: %s\n", l.test, l.why)
	}
}
