package syscalls

import (
	"iter"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

type syscall struct {
	number uint32
	name   string
}

// On yields the syscalls of the table that an ABI has, with their numbers on the ABI.
func On(abi specs.Arch) iter.Seq2[string, uint32] {
	return func(yield func(string, uint32) bool) {
		for _, s := range table {
			if has(abi, s.name) && !yield(s.name, Base(abi)+s.number) {
				return
			}
		}
	}
}

// Known reports whether the table has a name, for any ABI.
func Known(name string) bool {
	return slices.ContainsFunc(table, func(s syscall) bool { return s.name == name })
}

// Base returns the number at which an ABI's numbers begin.
func Base(abi specs.Arch) uint32 {
	switch abi {
	case specs.ArchX32:
		return bpf.X32Bit
	case specs.ArchMIPS, specs.ArchMIPSEL:
		return 4000 // __NR_Linux of arch/mips/include/uapi/asm/unistd.h, and so below
	case specs.ArchMIPS64, specs.ArchMIPSEL64:
		return 5000
	case specs.ArchMIPS64N32, specs.ArchMIPSEL64N32:
		return 6000
	}
	return 0
}
