package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Compare returns calls for which the program and the meaning differ, sorted by
// architecture and number, or none if there is no such call. It returns one call for each
// architecture and number, and one for a range of numbers that neither distinguishes.
//
// The error wraps [ErrNotUnderstood] or [ErrTooComplex], or is that of ctx. Then nothing
// is known.
func Compare(ctx context.Context, p bpf.Program, m meaning.Decider) ([]Difference, error) {
	b := &budget{ctx: ctx, left: effort, err: ctx.Err()}
	c := &comparison{meaning: m, known: map[pair]*values{}, diagram: newDiagram(b)}
	program, err := c.program(p)
	if err != nil {
		return nil, err
	}
	for _, archs := range c.archs() {
		c.compareArchs(program, archs)
	}
	if b.err != nil {
		return nil, b.err
	}
	return c.differences(p)
}

// A comparison is the work of Compare.
type comparison struct {
	meaning meaning.Decider
	known   map[pair]*values // a call for which the decisions of a pair differ, or nil
	found   []values
	*diagram
}

// A pair is a decision of the program and one of the profile, about the same calls.
type pair struct{ program, profile id }

// compareArchs compares all calls of architectures that the meaning does not distinguish.
func (c *comparison) compareArchs(program id, archs class) {
	numbers := c.numbers(bpf.Arch(archs.example))
	for arch := range c.parts(archWord, archs, pair{program: program}) {
		for _, n := range numbers {
			c.compareNumbers(arch.program, arch.example, n)
		}
	}
}

// compareNumbers compares all calls of one architecture with numbers that the meaning does
// not distinguish.
func (c *comparison) compareNumbers(program id, arch uint32, numbers class) {
	profile := c.profile(c.meaning.Call(bpf.Arch(arch), numbers.example))
	if c.narrow(bpf.Arch(arch), numbers.example) {
		profile = c.withoutHighHalves(profile)
	}
	for part := range c.parts(numberWord, numbers, pair{program, profile}) {
		if call := c.differ(part.pair); call != nil && c.spend(memory) {
			call := *call
			call[archWord], call[numberWord] = arch, part.example
			c.found = append(c.found, call)
		}
	}
}

// narrow reports whether a number belongs to an ABI with 32-bit registers. A filter may
// still see 64 bits of an argument there: on x86 those of a 64-bit program that executes
// int $0x80, on MIPS the sign. The call uses the lower 32 bits, so the profile decides by
// them, for all values of the others.
func (c *comparison) narrow(arch bpf.Arch, nr uint32) bool {
	abi := c.meaning.ABI(arch, nr)
	return abi != nil && !abi.Wide()
}

// withoutHighHalves returns the decision by the lower halves of the arguments.
func (c *comparison) withoutHighHalves(n id) id {
	for c.words(n)&highHalves != 0 && c.spend(1) {
		n = c.restrict((c.words(n) & highHalves).first(), interval(0, 0)).of(n)
	}
	return n
}

// meant returns the action of the profile for the part of a call that the kernel uses.
func (c *comparison) meant(call bpf.Data) bpf.Action {
	if c.narrow(call.Arch, call.Nr) {
		for i, arg := range call.Args {
			call.Args[i] = uint64(uint32(arg))
		}
	}
	return c.meaning.Decide(call)
}

// archs returns the classes of architectures that the meaning distinguishes.
func (c *comparison) archs() []class {
	var apart []uint32
	for _, abi := range c.meaning.Parts() {
		apart = append(apart, uint32(abi.Arch), uint32(abi.Arch)+1)
	}
	return between(apart)
}

// numbers returns the classes of an architecture's numbers that meaning.Meaning.Call and
// ABI may distinguish: they look up a number among the rules, compare it with the highest
// number and with those of x32, and treat 0 and -1 specially. Each syscall has a class of
// its own, so that a difference names it.
func (c *comparison) numbers(arch bpf.Arch) []class {
	var apart []uint32
	for _, abi := range c.meaning.Parts() {
		if abi.Arch != arch {
			continue
		}
		apart = append(apart, 1, bpf.X32Bit, ^uint32(0), abi.Highest+1)
		for nr := range abi.Rules {
			apart = append(apart, nr, nr+1)
		}
		for _, nr := range abi.Numbers {
			apart = append(apart, nr, nr+1)
		}
	}
	return between(apart)
}

// between returns classes that together have all values. They begin at 0 and at the given
// values.
func between(begins []uint32) []class {
	begins = append(begins, 0)
	slices.Sort(begins)
	begins = slices.Compact(begins)
	var classes []class
	for i, low := range begins {
		high := allBits
		if i+1 < len(begins) {
			high = begins[i+1] - 1
		}
		classes = append(classes, interval(low, high))
	}
	return classes
}

// differences returns the calls that were found, after running the program for each.
func (c *comparison) differences(p bpf.Program) ([]Difference, error) {
	var all []Difference
	for _, v := range c.found {
		call := v.call()
		d := Difference{call, p.Run(call), c.meant(call)}
		if d.Program.Enforced() == d.Profile.Enforced() {
			return nil, fmt.Errorf("fault in the comparison: %s", d)
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Call.Arch, b.Call.Arch), cmp.Compare(a.Call.Nr, b.Call.Nr))
	})
	return all, nil
}
