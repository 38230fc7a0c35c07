package compile

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/meaning"
)

// argued returns a profile with only those syscalls that are decided by their arguments, or
// can be, and that libseccomp knows. The prologue decides the others.
func argued(spec *specs.LinuxSeccomp, knows func(string) bool) *specs.LinuxSeccomp {
	conditional := map[string]bool{}
	for _, rule := range spec.Syscalls {
		for _, name := range rule.Names {
			conditional[name] = conditional[name] || len(rule.Args) > 0 || meaning.Multiplexed(name)
		}
	}
	reduced := *spec
	reduced.Syscalls = nil
	for _, rule := range spec.Syscalls {
		rule.Names = slices.DeleteFunc(slices.Clone(rule.Names), func(name string) bool { return !conditional[name] || !knows(name) })
		if len(rule.Names) > 0 {
			reduced.Syscalls = append(reduced.Syscalls, rule)
		}
	}
	return &reduced
}
