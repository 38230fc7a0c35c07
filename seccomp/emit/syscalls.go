package emit

import (
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Syscalls are syscalls by architecture, as numbers.
type Syscalls map[bpf.Arch][]uint32

// Conditional returns the syscalls that are decided by their arguments and whose names
// are chosen.
func Conditional(m *meaning.Meaning, chosen func(name string) bool) Syscalls {
	all := Syscalls{}
	for _, abi := range m.ABIs {
		for nr, rules := range abi.Rules {
			if len(rules[0].Conditions) > 0 && chosen(abi.SyscallName(nr)) {
				all[abi.Arch] = append(all[abi.Arch], nr)
			}
		}
	}
	for _, numbers := range all {
		slices.Sort(numbers)
	}
	return all
}

// ForeignOnly returns a program to follow a prologue that decides all syscalls: only
// foreign architectures reach it, and a call of these kills its thread.
func ForeignOnly() (bpf.Program, error) {
	var a bpf.Assembler
	a.Return(bpf.KillThread)
	return a.Program()
}

// Names returns the syscalls for people, sorted, as "<architecture> <name>".
func (s Syscalls) Names(m *meaning.Meaning) []string {
	var all []string
	for arch, list := range s {
		for _, nr := range list {
			all = append(all, name(m, arch, nr))
		}
	}
	slices.Sort(all)
	return all
}

func name(m *meaning.Meaning, arch bpf.Arch, nr uint32) string {
	abi := m.ABI(arch, nr)
	if abi == nil {
		return fmt.Sprintf("%s %d", arch, nr)
	}
	if name := abi.SyscallName(nr); name != "" {
		return fmt.Sprintf("%s %s", abi.Name, name)
	}
	return fmt.Sprintf("%s %d", abi.Name, nr)
}
