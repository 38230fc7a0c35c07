// Package version has the version of a binary of this project and of its parts, for
// security reports.
//
// make passes the version of deploy/packages/version to the linker. A binary that was
// built without make has the version that Go found in the source.
package version

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
)

// stamped is set by the linker.
var stamped string

// Paths of modules that Write reports.
const (
	runc       = "github.com/opencontainers/runc"
	containerd = "github.com/containerd/containerd/v2"
)

// String returns the version, such as v1.2.0, v1.2.0-5-g0123456 for the fifth commit
// after v1.2.0, or v0.0.0-20261124181753-ef9332548b2c in a repository without a tag.
func String() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// Write writes the versions of a program and of its parts, one a line. libseccomp is the
// version of that library; empty if it is not linked.
func Write(w io.Writer, program, libseccomp string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s:\n", program)
	for _, part := range [][2]string{
		{"Version", String()},
		{"Go version", runtime.Version()},
		{"libcontainer", linked(runc)},
		{"libseccomp", libseccomp},
		{"containerd", linked(containerd)}, // its default profile is RuntimeDefault
	} {
		if part[1] != "" {
			fmt.Fprintf(t, "  %s:\t%s\n", part[0], part[1])
		}
	}
	return t.Flush()
}

// linked returns the version of a module that is linked into this binary; empty if it is
// not.
func linked(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			// For a module that is replaced by a changed copy, this is the original's version.
			return dep.Version
		}
	}
	return ""
}
