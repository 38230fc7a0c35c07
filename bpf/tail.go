package bpf

// A tail is the end of a program under assembly. It grows towards the start: jumps lead
// forward, so when an instruction is put in front, all its targets are there, at their
// final distance.
type tail struct {
	code  []Instruction // last instruction first
	marks map[Label]int // how many instructions there are from the label to the end
}

// A conditional jump skips at most maxSkip instructions, since jt and jf are
// bytes. BPF_JA has 32 bits.
const maxSkip = 255

// prepend puts an item in front. If it returns a Fault, the label is the one at fault.
func (t *tail) prepend(it item) (Label, Fault) {
	switch it.itemType {
	case mark:
		return it.yes, t.mark(it.yes)
	case jump:
		toLabel, fault := t.distance(it.yes)
		t.push(Instruction{Code: Ja, K: toLabel})
		return it.yes, fault
	case branch:
		yes, fault := t.distance(it.yes)
		if fault != "" {
			return it.yes, fault
		}
		no, fault := t.distance(it.no)
		t.branch(it.code[0], yes, no)
		return it.no, fault
	}
	for i := range it.code {
		t.push(it.code[len(it.code)-1-i])
	}
	return Next, ""
}

func (t *tail) push(in Instruction) { t.code = append(t.code, in) }

func (t *tail) mark(l Label) Fault {
	if l == Next {
		return ErrLabelNext
	}
	if _, ok := t.marks[l]; ok {
		return ErrLabelTwice
	}
	t.marks[l] = len(t.code)
	return ""
}

// distance returns how many instructions a jump put in front passes over on its
// way to l.
func (t *tail) distance(l Label) (uint32, Fault) {
	if l == Next {
		return 0, ""
	}
	fromEnd, ok := t.marks[l]
	if !ok {
		return 0, ErrLabelUnset
	}
	return uint32(len(t.code) - fromEnd), ""
}

// branch puts the comparison test in front. It passes over yes instructions if test holds,
// and over no instructions otherwise. A distance that does not fit is that of a BPF_JA
// right behind the comparison, which makes the other distance longer by one.
func (t *tail) branch(test Instruction, yes, no uint32) {
	reach := uint32(maxSkip)
	if yes > maxSkip {
		reach-- // no grows by one below
	}
	if no > reach {
		t.push(Instruction{Code: Ja, K: no})
		yes, no = yes+1, 0
	}
	if yes > maxSkip {
		t.push(Instruction{Code: Ja, K: yes})
		yes, no = 0, no+1
	}
	test.Jt, test.Jf = uint8(yes), uint8(no)
	t.push(test)
}
