package libseccomp

import (
	golang "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
)

// Knows reports whether libseccomp has a number for a name, on any
// architecture.
func Knows(name string) bool {
	_, err := golang.GetSyscallFromName(name)
	return err == nil
}

// SyscallName returns the name of a syscall's number, or "" if it has none. It can be
// passed to [bpf.Program.Disassemble].
func SyscallName(on bpf.Arch, nr uint32) string {
	for abi, arch := range archs {
		if arch.audit != on {
			continue
		}
		if name := ABI(abi).SyscallName(nr); name != "" {
			return name
		}
	}
	return ""
}
