package bpf

// A fact is known to hold on every path to an instruction.
type fact struct {
	reached bool   // there is such a path
	field   uint32 // offset of the word of seccomp_data that A holds, or noField
	arch    Arch   // what comparisons have shown the architecture to be, or 0
}

const noField = DataSize

// trace returns the fact of every instruction. Jumps lead forward only, so the fact of an
// instruction is final after the instructions before it.
func trace(code []Instruction) []fact {
	facts := make([]fact, len(code)+1) // the last one is for the end of the program
	facts[0] = fact{reached: true, field: noField}
	for pc, in := range code {
		f := facts[pc]
		if !f.reached {
			facts[pc].field = noField
			continue
		}
		next := facts[pc+1:]
		switch {
		case in.Code&classMask == classRet:
		case in.Code == Ja:
			next[in.K].join(f)
		case in.Code&classMask == classJmp:
			next[in.Jt].join(f.when(in))
			next[in.Jf].join(f)
		default:
			next[0].join(f.after(in))
		}
	}
	return facts[:len(code)]
}

// join removes from f what does not hold in g.
func (f *fact) join(g fact) {
	if !f.reached {
		*f = g
		return
	}
	if f.field != g.field {
		f.field = noField
	}
	if f.arch != g.arch {
		f.arch = 0
	}
}

// when returns the fact on the path on which the comparison in holds.
func (f fact) when(in Instruction) fact {
	if in.Code == JeqK && f.field == OffsetArch {
		f.arch = Arch(in.K)
	}
	return f
}

// after returns the fact after in, which is neither a jump nor a return.
func (f fact) after(in Instruction) fact {
	switch in.Code & classMask {
	case classLd:
		f.field = noField
		if in.Code == LdAbs {
			f.field = in.K
		}
	case classAlu:
		f.field = noField
	case classMisc:
		if in.Code == Txa {
			f.field = noField
		}
	}
	return f
}
