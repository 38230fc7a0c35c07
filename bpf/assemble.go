package bpf

import (
	"fmt"
	"slices"
)

// A Label names the instruction that an Assembler's Mark precedes.
type Label string

// Next is the label of the next instruction. Mark does not take it.
const Next Label = ""

// A Condition compares A with a constant, unsigned.
type Condition uint16

const (
	Equal          = Condition(JeqK)  // A == k
	Greater        = Condition(JgtK)  // A > k
	GreaterOrEqual = Condition(JgeK)  // A >= k
	AnyBit         = Condition(JsetK) // A & k != 0
)

// An Assembler makes a Program from instructions that jump to labels, at any
// distance. Its zero value is empty and ready for use.
//
//	var a bpf.Assembler
//	a.Load(bpf.OffsetArch)
//	a.If(bpf.Equal, uint32(bpf.ArchX86_64), bpf.Next, "kill")
//	a.Load(bpf.OffsetNr)
//	a.If(bpf.Greater, 450, "new", bpf.Next)
//	a.Return(bpf.Allow)
//	a.Mark("new")
//	a.Return(bpf.ErrnoOf(38))
//	a.Mark("kill")
//	a.Return(bpf.KillProcess)
//	program, err := a.Program()
type Assembler struct {
	items []item
}

// An item is one call of an Assembler's method.
type item struct {
	itemType itemType
	code     []Instruction // of a block: its instructions; of a branch: its comparison
	yes, no  Label         // of a branch: where to go; of a jump and a mark: yes alone
}

type itemType int

const (
	block itemType = iota
	branch
	jump
	mark
)

// Load sets A to the word of seccomp_data at offset: OffsetNr, OffsetArch, or
// what ArgLow or ArgHigh return.
func (a *Assembler) Load(offset uint32) { a.plain(Instruction{Code: LdAbs, K: offset}) }

// And clears the bits of A that are not set in mask.
func (a *Assembler) And(mask uint32) { a.plain(Instruction{Code: AndK, K: mask}) }

// Return ends the program with action.
func (a *Assembler) Return(action Action) { a.plain(Instruction{Code: RetK, K: uint32(action)}) }

// If goes to yes if A compares to k as c says, and to no otherwise.
func (a *Assembler) If(c Condition, k uint32, yes, no Label) {
	test := []Instruction{{Code: uint16(c), K: k}}
	a.items = append(a.items, item{itemType: branch, code: test, yes: yes, no: no})
}

// Goto goes to l.
func (a *Assembler) Goto(l Label) { a.items = append(a.items, item{itemType: jump, yes: l}) }

// Mark puts l before the instruction that follows.
func (a *Assembler) Mark(l Label) { a.items = append(a.items, item{itemType: mark, yes: l}) }

// Append adds the instructions of p. They start with the current values of A, X and M, and
// end only with a return of p.
func (a *Assembler) Append(p Program) { a.plain(p.code...) }

func (a *Assembler) plain(code ...Instruction) {
	a.items = append(a.items, item{itemType: block, code: code})
}

// Program returns the finished program. It is deterministic and leaves the
// Assembler as it was.
//
// The error is ErrLabelUnset, ErrLabelTwice, ErrLabelNext or ErrBackward with
// the label's name, or New's.
func (a *Assembler) Program() (Program, error) {
	t := tail{marks: map[Label]int{}}
	for i, it := range slices.Backward(a.items) {
		if label, fault := t.prepend(it); fault != "" {
			if fault == ErrLabelUnset && marks(a.items[:i], label) {
				fault = ErrBackward
			}
			return Program{}, fmt.Errorf("assemble: label %q: %w", label, fault)
		}
	}
	slices.Reverse(t.code)
	p, err := New(t.code)
	if err != nil {
		return Program{}, fmt.Errorf("assemble: %w", err)
	}
	return p, nil
}

// marks reports whether one of items marks l.
func marks(items []item, l Label) bool {
	return slices.ContainsFunc(items, func(it item) bool { return it.itemType == mark && it.yes == l })
}
