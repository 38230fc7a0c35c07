package compile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
)

// makeExact puts in front of libseccomp's program what this package emits itself:
// the numbers whose arguments do not count, the syscalls in own, and those that the
// check finds wrong. It returns the program and the names of the latter two.
func makeExact(ctx context.Context, filter bpf.Program, m *meaning.Meaning, own map[bpf.Arch][]uint32) (bpf.Program, []string, error) {
	repaired, everything := false, false
	for {
		program, err := front(filter, m, own)
		if err != nil {
			return bpf.Program{}, nil, err
		}
		differences, err := check.Compare(ctx, program, m)
		switch {
		case errors.Is(err, check.ErrTooComplex) && !everything:
			// Our own emission asks what the rules say, in the check's order, and never
			// is.
			own, everything = conditional(m, func(string) bool { return true }), true
		case err != nil:
			return bpf.Program{}, nil, fmt.Errorf("check the compiled seccomp profile: %w", cause(ctx, err))
		case len(differences) == 0:
			return program, names(m, own), nil
		case repaired:
			return bpf.Program{}, nil, &InexactError{differences[0]}
		default:
			own, repaired = with(own, differences), true
		}
	}
}

// with returns own and the syscalls that differ.
func with(own map[bpf.Arch][]uint32, differences []check.Difference) map[bpf.Arch][]uint32 {
	all := map[bpf.Arch][]uint32{}
	for arch, numbers := range own {
		all[arch] = slices.Clone(numbers)
	}
	for _, d := range differences {
		if !slices.Contains(all[d.Call.Arch], d.Call.Nr) {
			all[d.Call.Arch] = append(all[d.Call.Arch], d.Call.Nr)
		}
	}
	return all
}

// conditional are the syscalls that are decided by their arguments, of the names
// that are chosen.
func conditional(m *meaning.Meaning, chosen func(name string) bool) map[bpf.Arch][]uint32 {
	all := map[bpf.Arch][]uint32{}
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

// foreignOnly stands for libseccomp's program where there is none: with all that
// depends on arguments in front of it, only foreign architectures reach it.
func foreignOnly() (bpf.Program, error) {
	var a bpf.Assembler
	a.Return(bpf.KillThread)
	return a.Program()
}
