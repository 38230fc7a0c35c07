package compile

import (
	"slices"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// SyscallName is the name of a number, or empty if it has none. It suits
// [bpf.Program.Disassemble].
func SyscallName(on bpf.Arch, nr uint32) string {
	for abi, arch := range archs {
		if arch.audit != on {
			continue
		}
		if name := table(abi).SyscallName(nr); name != "" {
			return name
		}
	}
	return ""
}

// FlagNames are the names of the flags to load a program with, sorted.
func FlagNames(flags uint32) []string {
	names := []string{}
	for name, bit := range flagBits {
		if flags&bit != 0 {
			names = append(names, string(name))
		}
	}
	if flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 {
		names = append(names, "SECCOMP_FILTER_FLAG_NEW_LISTENER")
	}
	slices.Sort(names)
	return names
}
