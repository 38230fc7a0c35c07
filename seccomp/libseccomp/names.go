package libseccomp

import (
	"github.com/opencontainers/runtime-spec/specs-go"
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
	_, name := Named(on, nr)
	return name
}

// Named returns the name of a syscall's number, and the ABI that has it: x86_64 and x32 are two
// ABIs of one architecture. Both are "" if the number has no name.
func Named(on bpf.Arch, nr uint32) (specs.Arch, string) {
	for abi, arch := range archs {
		if arch.audit != on {
			continue
		}
		if name := ABI(abi).SyscallName(nr); name != "" {
			return abi, name
		}
	}
	return "", ""
}
