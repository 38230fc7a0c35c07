package meaning

import (
	"maps"
	"slices"

	"seccomp-shim/bpf"
)

// A Decider decides calls. It is the [Meaning] of a profile, or that of a profile and a floor:
// see [Both].
type Decider interface {
	// Decide returns the action for a call.
	Decide(bpf.Data) bpf.Action
	// Call returns what is decided about a syscall, for all arguments.
	Call(arch bpf.Arch, nr uint32) Call
	// Archs returns the architectures whose calls can be allowed, sorted.
	Archs() []bpf.Arch
	// Begins returns, sorted, each number of an architecture about which something else can
	// be decided than about the number before it, and each number that has a name.
	Begins(arch bpf.Arch) []uint32
	// ABI returns the ABI that a number belongs to, or nil if there is none.
	ABI(arch bpf.Arch, nr uint32) *ABIRules
}

// Archs returns the architectures of the profile's ABIs, sorted.
func (m *Meaning) Archs() []bpf.Arch {
	all := map[bpf.Arch]bool{}
	for _, abi := range m.ABIs {
		all[abi.Arch] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Begins implements [Decider]. Meaning.Call and Meaning.ABI look up a number among the rules,
// compare it with the highest number and with those of x32, and treat 0 and -1 specially.
func (m *Meaning) Begins(arch bpf.Arch) []uint32 {
	const skipped = ^uint32(0) // -1: it has the bit of x32, but is no number of x32
	all := map[uint32]bool{0: true}
	around := func(nr uint32) {
		all[nr] = true
		if nr != skipped {
			all[nr+1] = true
		}
	}
	for _, abi := range m.ABIs {
		if abi.Arch != arch {
			continue
		}
		all[1], all[bpf.X32Bit], all[skipped] = true, true, true
		around(abi.Highest)
		for nr := range abi.Rules {
			around(nr)
		}
		for _, nr := range abi.Numbers {
			around(nr)
		}
	}
	return slices.Sorted(maps.Keys(all))
}
