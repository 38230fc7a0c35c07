package compile

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// SyscallName is libseccomp's name for a number, or empty if it has none. It
// suits [bpf.Program.Disassemble].
func SyscallName(on bpf.Arch, nr uint32) string {
	if int32(nr) < 0 { // libseccomp's own numbers for what an architecture does not have
		return ""
	}
	for name, arch := range archs {
		if arch.audit != on || (name == specs.ArchX32) != (on == bpf.ArchX86_64 && nr&bpf.X32Bit != 0) {
			continue
		}
		if syscall, err := libseccomp.ScmpSyscall(int32(nr)).GetNameByArch(arch.scmp); err == nil {
			return syscall
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
