package check

import (
	"errors"
	"fmt"

	"seccomp-shim/bpf"
)

// ErrNotUnderstood is the error for a program that does anything but compare bits of the
// call with constants.
var ErrNotUnderstood = errors.New("does more than compare bits of the call with constants")

// A content is the symbolic value of register A: the masked bits of a word. The zero
// content is the value at the start: A = 0.
type content struct {
	word word
	mask uint32
}

// A place is an instruction and the content of A before it.
type place struct {
	pc int
	a  content
}

// A reader turns a program into the decision that it makes.
type reader struct {
	code []bpf.Instruction
	read map[place]id // the decisions of the branches that were read
	*diagram
}

func (d *diagram) program(p bpf.Program) (id, error) {
	r := reader{p.Instructions(), map[place]id{}, d}
	if len(r.code) == 0 {
		return d.always(enforced(p.Run(bpf.Data{}))), nil // Run has an action for the zero program
	}
	return r.from(place{})
}

// from returns the decision of the program from a place on. Jumps lead forward only, so it
// ends.
func (r *reader) from(at place) (id, error) {
	for r.spend(1) {
		in := r.code[at.pc]
		switch in.Code {
		case bpf.LdAbs:
			at.a = content{wordAt[in.K], allBits}
		case bpf.AndK:
			at.a.mask &= in.K
		case bpf.Ja:
			at.pc += int(in.K)
		case bpf.JeqK, bpf.JgtK, bpf.JgeK, bpf.JsetK:
			return r.branchAt(at)
		case bpf.RetK:
			return r.always(enforced(bpf.Action(in.K))), nil
		default:
			return 0, fmt.Errorf("instruction %d: %w", at.pc, ErrNotUnderstood)
		}
		at.pc++
	}
	return 0, r.err
}

func (r *reader) branchAt(at place) (id, error) {
	if known, ok := r.read[at]; ok {
		return known, nil
	}
	in := r.code[at.pc]
	yes, err := r.from(place{at.pc + 1 + int(in.Jt), at.a})
	if err != nil {
		return 0, err
	}
	no, err := r.from(place{at.pc + 1 + int(in.Jf), at.a})
	if err != nil {
		return 0, err
	}
	if !r.spend(memory) {
		return 0, r.err
	}
	r.read[at] = r.jump(in, at.a, yes, no)
	return r.read[at], nil
}

func (d *diagram) jump(in bpf.Instruction, a content, yes, no id) id {
	switch {
	case in.Code == bpf.JeqK:
		return d.branch(a.word, question{mask: a.mask, constant: in.K}, yes, no)
	case in.Code == bpf.JsetK:
		return d.branch(a.word, question{mask: a.mask & in.K}, no, yes)
	case in.Code == bpf.JgeK && in.K == 0:
		return yes
	case in.Code == bpf.JgeK:
		in.K--
	}
	return d.branch(a.word, question{a.mask, in.K, true}, yes, no)
}

func enforced(a bpf.Action) uint32 { return uint32(a.Enforced()) }
