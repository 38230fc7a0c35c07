package check

import (
	"context"
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A Relation is one that the actions of two meanings for a call may have, such as that the
// first is looser. It must not hold for equal actions.
type Relation func(one, other bpf.Action) bool

// A Witness is a call for which the answers of two meanings are in a relation.
type Witness struct {
	Call       bpf.Data
	One, Other bpf.Action
	Last       uint32 // both meanings decide all numbers from Call.Nr to Last alike
	Always     bool   // neither answer depends on the arguments
}

// Meanings returns, for each relation, the calls for which the answers of two meanings are
// in this relation: one call for each architecture and number, and one for a range of
// numbers that neither distinguishes. There is none if no call is in the relation. They are
// sorted by architecture and number.
//
// The error is ErrTooComplex, or that of ctx. Then nothing is known.
func Meanings(ctx context.Context, one, other *meaning.Meaning, relations ...Relation) ([][]Witness, error) {
	b := &budget{ctx: ctx, left: patientEffort, err: ctx.Err()}
	d := newDiagram(b)
	var searches []*search
	for _, r := range relations {
		searches = append(searches, newSearch(d, r.apart))
	}
	found := make([][]Witness, len(relations))
	for _, archs := range archs(one, other) {
		arch := bpf.Arch(archs.example)
		for _, numbers := range numbers(arch, one, other) {
			p := pair{d.decision(one, arch, numbers.low), d.decision(other, arch, numbers.low)}
			for i, s := range searches {
				call := s.call(p)
				if b.err != nil {
					return nil, b.err
				}
				if call == nil {
					continue
				}
				w := call.witness(arch, numbers.low)
				w.Last, w.Always = numbers.high, d.words(p.one)|d.words(p.other) == 0
				w.simplify(func(d bpf.Data) bool { return relations[i](one.Decide(d).Enforced(), other.Decide(d).Enforced()) }, one, other)
				w.One, w.Other = one.Decide(w.Call), other.Decide(w.Call)
				if err := w.confirm(relations[i]); err != nil {
					return nil, err
				}
				found[i] = append(found[i], w)
			}
		}
	}
	return found, b.err
}

// UpperHalf returns, for each relation, a call of one syscall for which the answer (One) is
// in this relation to the answer for the same call with the upper half of an argument 0
// (Other), or nil if there is none.
func UpperHalf(ctx context.Context, m *meaning.Meaning, arch bpf.Arch, nr uint32, arg uint, relations ...Relation) ([]*Witness, error) {
	b := &budget{ctx: ctx, left: patientEffort, err: ctx.Err()}
	d := newDiagram(b)
	decision := d.decision(m, arch, nr)
	found := make([]*Witness, len(relations))
	for i, r := range relations {
		call := newSearch(d, r.apart).call(pair{decision, d.without(setOf(highHalf(arg)), decision)})
		if b.err != nil {
			return nil, b.err
		}
		if call == nil {
			continue
		}
		w := call.witness(arch, nr)
		w.simplify(func(d bpf.Data) bool { return r(m.Decide(d).Enforced(), m.Decide(lower(d, arg)).Enforced()) }, m)
		w.One, w.Other = m.Decide(w.Call), m.Decide(lower(w.Call, arg))
		if err := w.confirm(r); err != nil {
			return nil, err
		}
		found[i] = &w
	}
	return found, nil
}

// lower returns a call with the lower half of an argument.
func lower(d bpf.Data, arg uint) bpf.Data {
	d.Args[arg] = uint64(uint32(d.Args[arg]))
	return d
}

// apart is the relation between the actions of a diagram.
func (r Relation) apart(one, other uint32) bool { return r(bpf.Action(one), bpf.Action(other)) }

func (v values) witness(arch bpf.Arch, nr uint32) Witness {
	v[archWord], v[numberWord] = uint32(arch), nr
	return Witness{Call: v.call(), Last: nr}
}

// simplify replaces each argument of a call by the smallest one near the values of the
// conditions with which it still is a witness.
func (w *Witness) simplify(isWitness func(bpf.Data) bool, meanings ...*meaning.Meaning) {
	for arg := range w.Call.Args {
		values := []uint64{0, uint64(uint32(w.Call.Args[arg]))}
		for _, m := range meanings {
			for _, rule := range m.Call(w.Call.Arch, w.Call.Nr).Rules {
				for _, c := range rule.Conditions {
					if c.Index == uint(arg) {
						values = append(values, c.Value-1, c.Value, c.Value+1) // at the ends these wrap around
					}
				}
			}
		}
		slices.Sort(values)
		values = slices.Compact(values)
		for _, v := range values[:min(len(values), mostTried)] {
			simpler := w.Call
			simpler.Args[arg] = v
			if v < w.Call.Args[arg] && isWitness(simpler) {
				w.Call = simpler
				break
			}
		}
	}
}

// mostTried bounds the effort for a simple witness.
const mostTried = 100

// confirm checks by package meaning alone that a call is in the relation.
func (w Witness) confirm(r Relation) error {
	if !r(w.One.Enforced(), w.Other.Enforced()) {
		return fmt.Errorf("fault in the comparison: %s nr %#x args %#x: %s, %s", w.Call.Arch, w.Call.Nr, w.Call.Args, w.One, w.Other)
	}
	return nil
}
