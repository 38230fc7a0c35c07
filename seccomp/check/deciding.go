package check

import (
	"context"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Deciding reports which rules of a syscall decide some call: none of the rules before them
// matches it. narrow is true for an ABI whose registers have 32 bits.
//
// The error is ErrTooComplex, or that of ctx.
func Deciding(ctx context.Context, rules []meaning.Rule, narrow bool) ([]bool, error) {
	b := &budget{ctx: ctx, left: patientEffort, err: ctx.Err()}
	d := newDiagram(b)
	numbered := meaning.Call{Otherwise: bpf.ErrnoOf(0)}
	for i, rule := range rules {
		if i+1 > mostNumbered {
			return nil, ErrTooComplex
		}
		// The number of the rule in place of its action. No two are equal in a diagram.
		rule.Action = bpf.ErrnoOf(uint16(i + 1))
		numbered.Rules = append(numbered.Rules, rule)
	}
	decision := d.profile(numbered)
	if narrow {
		decision = d.without(highHalves, decision)
	}
	r := reached{map[id]bool{}, make([]bool, len(rules)+1), d}
	r.visit(decision)
	return r.actions[1:], b.err
}

// mostNumbered is the highest error number that the kernel does not replace by another one.
const mostNumbered = 4095

// reached has the actions of a decision that some call gets.
type reached struct {
	seen    map[id]bool
	actions []bool
	*diagram
}

func (r *reached) visit(n id) {
	if r.seen[n] || !r.spend(memory) {
		return
	}
	r.seen[n] = true
	words := r.words(n)
	if words == 0 {
		r.actions[bpf.Action(r.nodes[n].action).Data()] = true
		return
	}
	for part := range r.parts(words.first(), allValues, pair{one: n, other: n}) {
		r.visit(part.one)
	}
}
