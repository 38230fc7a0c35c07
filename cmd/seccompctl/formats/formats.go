// Package formats reads profiles in the formats that people have besides OCI's: Docker's,
// podman's, and the SeccompProfile resource of the Security Profiles Operator. What OCI's
// format cannot say is an error that names the field.
package formats

import (
	"syscall"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// A Format is one that Read reads.
type Format string

// The formats.
const (
	OCI      Format = "OCI"
	Docker   Format = "Docker"
	Podman   Format = "podman"
	Operator Format = "SeccompProfile"
)

// Read reads a profile in any format. Conditions are resolved at a place.
func Read(text []byte, at seccomp.Place) (*seccomp.Resolved, Format, error) {
	switch {
	case isResource(text):
		p, err := readResource(text)
		return &seccomp.Resolved{Profile: p, Condition: -1}, Operator, err
	case seccomp.IsPodman(text):
		p, err := seccomp.ParsePodman(text, at, errnoOf)
		return p, Podman, err
	case seccomp.IsDocker(text):
		p, err := seccomp.ParseDocker(text, at)
		return p, Docker, err
	}
	p, err := seccomp.ParseFile(text, at)
	return p, OCI, err
}

// highestErrno is MAX_ERRNO of include/linux/err.h.
const highestErrno = 4095

// errnoOf returns the number of an error's name on this architecture.
func errnoOf(name string) (uint, bool) {
	for n := uint(1); n <= highestErrno; n++ {
		if name != "" && unix.ErrnoName(syscall.Errno(n)) == name {
			return n, true
		}
	}
	return 0, false
}
