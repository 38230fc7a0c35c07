// Package config reads and edits containerd's configuration, as text.
//
// It is pure: it opens no file and starts no program. What is in force comes from
// `containerd config dump` ([Effective]), because only containerd knows how it merges
// files. What people wrote is edited at the positions that a TOML parser finds, so that
// all other bytes stay: comments, quotes, indentation, line ends. Each added line can
// be recognized ([Without] removes it again).
package config

import "fmt"

// Handler is the name of the runtime handler, and RuntimeType its runtime.
const (
	Handler     = "seccomp"
	RuntimeType = "io.containerd.seccomp.v1"
)

// Mark ends each line that is added, and names the block of lines that is added.
const Mark = "seccomp-shim"

// Version is a version of containerd, without the patch level.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Oldest is the oldest containerd that the shim is tested with. 1.5 has no CRI v1, which
// the kubelet needs since Kubernetes 1.26.
var Oldest = Version{Major: 1, Minor: 6}

// Older reports whether v comes before another version.
func (v Version) Older(than Version) bool {
	return v.Major < than.Major || v.Major == than.Major && v.Minor < than.Minor
}

// Plugin is the URI of the CRI plugin that has the runtime handlers.
func (v Version) Plugin() string {
	if v.Major == 1 {
		return "io.containerd.grpc.v1.cri"
	}
	return "io.containerd.cri.v1.runtime"
}

// DropsOptions reports whether containerd drops options of a handler that it does not
// know. 1.6 passes on ConfigPath alone: the name of a file with the options.
func (v Version) DropsOptions() bool { return v.Older(Version{Major: 1, Minor: 7}) }
