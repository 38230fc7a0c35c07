package emit

import (
	"fmt"
	"maps"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Prologue returns program with a prologue that decides every syscall whose arguments do
// not matter, by its number, and the reemitted syscalls, by their rules. It leaves to
// program the other syscalls whose arguments matter, and foreign architectures.
func Prologue(program bpf.Program, m meaning.Decider, reemitted Syscalls) (bpf.Program, error) {
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	archs := architectures(m, reemitted)
	for _, arch := range archs {
		a.If(bpf.Equal, uint32(arch), section(arch), bpf.Next)
	}
	a.Goto(rest)
	for _, arch := range archs {
		a.Mark(section(arch))
		a.Load(bpf.OffsetNr)
		table := numberTable(m, arch, reemitted[arch])
		search(&a, table, string(section(arch)))
		returns(&a, arch, table)
		for _, nr := range reemitted[arch] {
			abi := m.ABI(arch, nr)
			a.Mark(syscallLabel(arch, nr))
			rules(&a, string(syscallLabel(arch, nr)), m.Call(arch, nr), abi == nil || abi.Wide())
		}
	}
	a.Mark(rest)
	a.Append(program)
	return a.Program()
}

// architectures returns, sorted, those of the profile and those of reemitted syscalls.
func architectures(m meaning.Decider, reemitted Syscalls) []bpf.Arch {
	all := map[bpf.Arch]bool{}
	for arch := range reemitted {
		all[arch] = true
	}
	for _, abi := range m.Parts() {
		all[abi.Arch] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// rest is the label of the program behind the prologue.
const rest bpf.Label = "rest"

func section(arch bpf.Arch) bpf.Label { return bpf.Label("on " + arch.String()) }

func syscallLabel(arch bpf.Arch, nr uint32) bpf.Label {
	return bpf.Label(fmt.Sprintf("%s %d", arch, nr))
}
