// Package arguments has the names of syscalls' arguments, and how many bits of each the
// kernel reads. A filter sees registers of 64 bits; for an int the kernel reads the lower 32
// and ignores the others. So a rule that compares all 64 bits distinguishes calls that are
// the same to the kernel.
//
// # Source
//
// arguments.txt has the parameters of SYSCALL_DEFINEn in the sources of the kernel that its
// first line names, for x86_64, x32 and the architectures whose tables are newer than
// scripts/syscall.tbl: arm64, riscv64, loongarch64. Other architectures define a few syscalls
// otherwise, so nothing is known about theirs.
//
// # To derive it again
//
//	apt-get download linux-source-6.12   (or the sources of any kernel)
//	go run ./seccomp/arguments/derive FOLDER > seccomp/arguments/arguments.txt
//
// SECCOMP_SHIM_LINUX=FOLDER makes the test of package derive compare the two.
package arguments

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// An Argument is one of a syscall.
type Argument struct {
	Name string // Nameless if it depends on the kernel's configuration
	Bits int    // that the kernel reads: 16, 32 or 64, from the lowest on
}

// Nameless is the name of an argument that several configurations of the kernel name
// differently.
const Nameless = "-"

//go:embed arguments.txt
var text string

// Of returns the arguments of a syscall on an ABI, or nil if they are not known.
func Of(abi specs.Arch, syscall string) []Argument {
	switch abi {
	case specs.ArchX86_64, specs.ArchX32, specs.ArchAARCH64, specs.ArchRISCV64, specs.ArchLOONGARCH64:
		return table()[syscall]
	}
	return nil
}

var table = sync.OnceValue(func() map[string][]Argument {
	all := map[string][]Argument{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		arguments := []Argument{}
		for _, field := range fields[1:] {
			name, bits, narrow := strings.Cut(field, ":")
			a := Argument{name, 64}
			if narrow {
				a.Bits, _ = strconv.Atoi(bits) // a test reads each line
			}
			arguments = append(arguments, a)
		}
		all[fields[0]] = arguments
	}
	// An unsigned long whose lower half counts: lower_32_bits(clone_flags), kernel/fork.c.
	all["clone"][0] = Argument{"clone_flags", 32}
	return all
})
