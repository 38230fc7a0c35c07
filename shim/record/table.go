package record

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/recording"
)

// A table has the syscalls of an ABI by their numbers.
type table struct {
	name  specs.Arch
	wide  bool
	names map[uint32]string // numbers of x32 without bpf.X32Bit
}

func newTable(abi *meaning.ABI) table {
	t := table{name: abi.Name, wide: abi.Wide(), names: make(map[uint32]string, len(abi.Numbers))}
	for name, nr := range abi.Numbers {
		if abi.Name == specs.ArchX32 {
			nr &^= bpf.X32Bit
		}
		t.names[nr] = name
	}
	return t
}

// decisive returns the arguments of a number that are recorded.
func (t *table) decisive(nr uint32) []recording.Argument {
	return recording.Decisive(t.name, !t.wide, t.names[nr])
}

// reads tells the program which arguments of a call to read: for each one a byte with its
// place in pt_regs, in words of 8 bytes, and a bit of the highest byte if it has 32 bits.
func (t *table) reads(k kernel, abi int, nr uint32) (word uint32) {
	for i, arg := range t.decisive(nr) {
		word |= k.registers(abi, arg.Index) << (8 * i)
		if arg.Bits == 32 {
			word |= 1 << (24 + i)
		}
	}
	return word
}
