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
	c := &comparison{meaning: m, search: newSearch(newDiagram(b), unequal)}
	program, err := c.program(p)
	if err != nil {
		return nil, err
	}
	for _, archs := range archs(m) {
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
	found   []values
	*search
}

func unequal(one, other uint32) bool { return one != other }

// compareArchs compares all calls of architectures that the meaning does not distinguish.
func (c *comparison) compareArchs(program id, archs class) {
	numbers := numbers(bpf.Arch(archs.example), c.meaning)
	for arch := range c.parts(archWord, archs, pair{one: program}) {
		for _, n := range numbers {
			c.compareNumbers(arch.one, arch.example, n)
		}
	}
}

// compareNumbers compares all calls of one architecture with numbers that the meaning does
// not distinguish.
func (c *comparison) compareNumbers(program id, arch uint32, numbers class) {
	profile := c.decision(c.meaning, bpf.Arch(arch), numbers.example)
	for part := range c.parts(numberWord, numbers, pair{program, profile}) {
		if call := c.call(part.pair); call != nil && c.spend(memory) {
			call := *call
			call[archWord], call[numberWord] = arch, part.example
			c.found = append(c.found, call)
		}
	}
}

// archs returns the classes of architectures that the meanings distinguish.
func archs(meanings ...meaning.Decider) []class {
	var apart []uint32
	for _, m := range meanings {
		for _, abi := range m.Parts() {
			apart = append(apart, uint32(abi.Arch), uint32(abi.Arch)+1)
		}
	}
	return between(apart)
}

// numbers returns the classes of an architecture's numbers that meaning.Meaning.Call and
// ABI may distinguish: they look up a number among the rules, compare it with the highest
// number and with those of x32, and treat 0 and -1 specially. Each syscall has a class of
// its own, so that a difference names it.
func numbers(arch bpf.Arch, meanings ...meaning.Decider) []class {
	var apart []uint32
	for _, m := range meanings {
		for _, abi := range m.Parts() {
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
		d := Difference{call, p.Run(call), c.meaning.Decide(call)}
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
