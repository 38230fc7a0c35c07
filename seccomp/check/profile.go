package check

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// decision returns the decision that a profile makes on one syscall, by the part of a call
// that the kernel uses.
//
// A filter may see 64 bits of an argument on an ABI with 32-bit registers: on x86 those of a
// 64-bit program that executes int $0x80, on MIPS the sign. The call uses the lower 32 bits,
// so the profile decides by them, for all values of the others.
func (d *diagram) decision(m meaning.Decider, arch bpf.Arch, nr uint32) id {
	n := d.profile(m.Call(arch, nr))
	if abi := m.ABI(arch, nr); abi != nil && !abi.Wide() {
		return d.without(highHalves, n)
	}
	return n
}

// without returns the decision for calls in which some words are 0.
func (d *diagram) without(words wordSet, n id) id {
	for d.words(n)&words != 0 && d.spend(1) {
		n = d.restrict((d.words(n) & words).first(), interval(0, 0)).of(n)
	}
	return n
}

// profile returns the decision that a profile makes on one syscall.
func (d *diagram) profile(c meaning.Call) id {
	decision := d.always(enforced(c.Otherwise))
	for _, rule := range slices.Backward(c.Rules) {
		otherwise := decision
		decision = d.always(enforced(rule.Action))
		for _, condition := range slices.Backward(rule.Conditions) {
			if !d.spend(1) {
				return decision
			}
			decision = d.condition(condition, decision, otherwise)
		}
	}
	return decision
}

// condition returns the decision yes for calls that meet a condition, and no for others. It
// is meaning.Holds, in questions about the halves of the argument.
func (d *diagram) condition(c specs.LinuxSeccompArg, yes, no id) id {
	switch c.Op {
	case specs.OpEqualTo:
		return d.equal(c.Index, ^uint64(0), c.Value, yes, no)
	case specs.OpNotEqual:
		return d.equal(c.Index, ^uint64(0), c.Value, no, yes)
	case specs.OpMaskedEqual:
		return d.equal(c.Index, c.Value, c.ValueTwo&c.Value, yes, no)
	case specs.OpGreaterThan:
		return d.greater(c.Index, c.Value, yes, no)
	case specs.OpLessEqual:
		return d.greater(c.Index, c.Value, no, yes)
	case specs.OpGreaterEqual:
		return d.greaterOrEqual(c.Index, c.Value, yes, no)
	case specs.OpLessThan:
		return d.greaterOrEqual(c.Index, c.Value, no, yes)
	}
	panic("check: operator " + string(c.Op)) // seccomp.New refuses it
}

// equal asks whether the masked bits of an argument equal value, which has no bits outside
// of the mask.
func (d *diagram) equal(arg uint, mask, value uint64, yes, no id) id {
	low := d.branch(lowHalf(arg), question{mask: uint32(mask), constant: uint32(value)}, yes, no)
	return d.branch(highHalf(arg), question{mask: uint32(mask >> 32), constant: uint32(value >> 32)}, low, no)
}

// greater asks whether an argument is above value.
func (d *diagram) greater(arg uint, value uint64, yes, no id) id {
	low := d.branch(lowHalf(arg), question{allBits, uint32(value), true}, yes, no)
	return d.byHigh(arg, uint32(value>>32), yes, low, no)
}

// greaterOrEqual asks whether an argument is at least value.
func (d *diagram) greaterOrEqual(arg uint, value uint64, yes, no id) id {
	low := yes
	if uint32(value) > 0 {
		low = d.branch(lowHalf(arg), question{allBits, uint32(value) - 1, true}, yes, no)
	}
	return d.byHigh(arg, uint32(value>>32), yes, low, no)
}

// byHigh asks whether the upper half of an argument is above, equal to or below a constant.
func (d *diagram) byHigh(arg uint, constant uint32, above, equal, below id) id {
	rest := d.branch(highHalf(arg), question{mask: allBits, constant: constant}, equal, below)
	return d.branch(highHalf(arg), question{allBits, constant, true}, above, rest)
}
