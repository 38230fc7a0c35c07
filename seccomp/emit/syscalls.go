package emit

import (
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Syscalls are syscalls by architecture, as numbers.
type Syscalls map[bpf.Arch][]uint32

// Conditional returns the syscalls that are decided by their arguments and that are chosen.
func Conditional(m meaning.Decider, chosen func(bpf.Arch, uint32) bool) Syscalls {
	all := Syscalls{}
	for _, part := range m.Parts() {
		for nr := range part.Rules {
			if rules := m.Call(part.Arch, nr).Rules; len(rules) > 0 && len(rules[0].Conditions) > 0 && chosen(part.Arch, nr) {
				all[part.Arch] = append(all[part.Arch], nr)
			}
		}
	}
	for arch, numbers := range all {
		slices.Sort(numbers)
		all[arch] = slices.Compact(numbers)
	}
	return all
}

// All chooses each syscall.
func All(bpf.Arch, uint32) bool { return true }

// Foreign returns a program to follow a prologue that decides all syscalls: only foreign
// architectures reach it.
func Foreign(m meaning.Decider) (bpf.Program, error) {
	const nowhere = ^bpf.Arch(0)
	var a bpf.Assembler
	a.Return(m.Call(nowhere, 0).Otherwise)
	return a.Program()
}

// Names returns the syscalls for people, sorted, as "<architecture> <name>".
func (s Syscalls) Names(m meaning.Decider) []string {
	var all []string
	for arch, list := range s {
		for _, nr := range list {
			all = append(all, name(m, arch, nr))
		}
	}
	slices.Sort(all)
	return all
}

func name(m meaning.Decider, arch bpf.Arch, nr uint32) string {
	abi := m.ABI(arch, nr)
	if abi == nil {
		return fmt.Sprintf("%s %d", arch, nr)
	}
	if name := abi.SyscallName(nr); name != "" {
		return fmt.Sprintf("%s %s", abi.Name, name)
	}
	return fmt.Sprintf("%s %d", abi.Name, nr)
}
