// Package version says which version of this project a binary is, and of what it
// is made: a security report names it, and a fleet is asked for it.
//
// The linker stamps it ([deploy/packages/version]; the Makefile calls it). A binary
// that go build made without make tells what Go knows of its source.
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

// The module paths of what is linked in and counts.
const (
	runc       = "github.com/opencontainers/runc"
	containerd = "github.com/containerd/containerd/v2"
)

// String returns the version, such as v1.2.0, v1.2.0-5-g0123456 for the fifth
// commit after it, or v0.0.0-20261124181753-ef9332548b2c where there is no tag.
func String() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// Write writes the version of a program, and of its parts: of libseccomp, which the
// caller asks, and of what else of them is linked in.
func Write(w io.Writer, program, libseccomp string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s:\n", program)
	for _, part := range [][2]string{
		{"Version", String()},
		{"Go version", runtime.Version()},
		{"libcontainer", linked(runc)},
		{"libseccomp", libseccomp},
		{"containerd", linked(containerd)}, // whose default profile is RuntimeDefault
	} {
		if part[1] != "" {
			fmt.Fprintf(t, "  %s:\t%s\n", part[0], part[1])
		}
	}
	return t.Flush()
}

// linked returns the version of a module of which there is code in this binary.
func linked(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			// Where it is replaced by a patched copy, the version is the original's.
			return dep.Version
		}
	}
	return ""
}
