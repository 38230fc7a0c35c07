package meaning

import "seccomp-shim/bpf"

// A Decider decides calls. It is the [Meaning] of a profile, or that of a profile and a floor:
// see [Both].
type Decider interface {
	// Decide returns the action for a call.
	Decide(bpf.Data) bpf.Action
	// Call returns what is decided about a syscall, for all arguments.
	Call(arch bpf.Arch, nr uint32) Call
	// Parts returns the rules on each ABI, of each profile that counts. Call and ABI look up
	// a number among the rules of a part, compare it with the part's highest number and with
	// those of x32, and treat 0 and -1 specially. They decide all other numbers alike.
	Parts() []*ABIRules
	// ABI returns the ABI that a number belongs to, or nil if there is none.
	ABI(arch bpf.Arch, nr uint32) *ABIRules
}

// Parts implements [Decider].
func (m *Meaning) Parts() []*ABIRules { return m.ABIs }
