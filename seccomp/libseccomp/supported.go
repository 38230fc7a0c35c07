package libseccomp

import (
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	golang "github.com/seccomp/libseccomp-golang"
)

// Actions returns the actions that libseccomp knows, sorted.
func Actions() []specs.LinuxSeccompAction { return slices.Sorted(maps.Keys(scmpActions)) }

// Operators returns the operators that libseccomp knows, sorted.
func Operators() []specs.LinuxSeccompOperator { return slices.Sorted(maps.Keys(scmpOperators)) }

// Architectures returns the architectures that some libseccomp supports, sorted.
func Architectures() []specs.Arch { return slices.Sorted(maps.Keys(archs)) }

// Supports reports whether this libseccomp can add an architecture to a filter of the
// native one. It cannot if it is too old, or if the byte orders differ.
func Supports(arch specs.Arch) bool {
	filter, err := golang.NewFilter(golang.ActAllow)
	if err != nil {
		return false
	}
	defer filter.Release()
	return filter.AddArch(archs[arch].scmp) == nil
}
