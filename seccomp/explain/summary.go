package explain

import (
	"cmp"
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/meaning"
)

// An ABI is one of a profile's.
type ABI struct {
	Name specs.Arch `json:"name"`
	Arch string     `json:"arch"` // the kernel's name; x32 is x86_64 to it
	// Highest is the highest syscall that the profile names. Syscalls above it fail with
	// ENOSYS. It is empty if no syscall fails for being new.
	Highest       string  `json:"highest,omitempty"`
	HighestNumber uint32  `json:"highestNumber,omitempty"`
	Counts        []Count `json:"counts"`
}

// A Count has the syscalls of an ABI with the same answer.
type Count struct {
	Answer   string   `json:"answer"` // an action, or ByArguments
	Reason   Reason   `json:"reason"`
	Syscalls int      `json:"syscalls"`
	Names    []string `json:"names"` // sorted

	permits bool
}

// Plain reports whether the syscalls are let through, for all arguments.
func (c Count) Plain() bool { return c.permits }

// ByArguments is the answer if it depends on a call's arguments.
const ByArguments = "by arguments"

// Summary counts a profile's answers for the syscalls of each ABI.
func Summary(m *meaning.Meaning) []ABI {
	var all []ABI
	for _, abi := range m.ABIs {
		a := ABI{Name: abi.Name, Arch: abi.Arch.String(), Counts: countsOf(m, abi)}
		if !abi.Open {
			a.Highest, a.HighestNumber = abi.SyscallName(abi.Highest), abi.Highest
		}
		all = append(all, a)
	}
	return all
}

func countsOf(m *meaning.Meaning, abi *meaning.ABIRules) []Count {
	type kind struct {
		answer string
		reason Reason
	}
	counts := map[kind]*Count{}
	for _, name := range slices.Sorted(maps.Keys(abi.Numbers)) {
		nr := abi.Numbers[name]
		first := cases(abi, m.Call(abi.Arch, nr), nr, nil)[0]
		k := kind{first.Action.String(), first.Reason}
		if len(first.If) > 0 {
			k = kind{ByArguments, ByRule}
		}
		if counts[k] == nil {
			counts[k] = &Count{Answer: k.answer, Reason: k.reason, permits: len(first.If) == 0 && meaning.Permits(first.Action)}
		}
		counts[k].Syscalls++
		counts[k].Names = append(counts[k].Names, name)
	}
	var sorted []Count
	for _, count := range counts {
		sorted = append(sorted, *count)
	}
	slices.SortFunc(sorted, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Answer, b.Answer))
	})
	return sorted
}
