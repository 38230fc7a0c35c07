package alike

import "seccomp-shim/bpf"

// A scout finds what a program compares the words of struct seccomp_data to. It
// understands the programs that libseccomp and this repository make: a
// comparison's left side is a word, or a word and a mask.
type scout struct {
	code []bpf.Instruction
}

func newScout(p bpf.Program) scout { return scout{p.Instructions()} }

// operand is what the accumulator holds: a word of the data under a mask, or
// with known false something else.
type operand struct {
	offset, mask uint32
	known        bool
}

// around returns the constants that the word at offset is compared to anywhere
// in the program, and their neighbours.
func (s scout) around(offset uint32) map[uint32]bool {
	values := map[uint32]bool{}
	s.walk(nil, func(o operand, in bpf.Instruction) {
		if o.known && o.offset == offset {
			add(values, o, in)
		}
	})
	return values
}

// arguments returns the values to try for each word of the arguments that the
// program looks at when it meets this number and architecture.
func (s scout) arguments(d bpf.Data) map[uint32]map[uint32]bool {
	found := map[uint32]map[uint32]bool{}
	s.walk(&d, func(o operand, in bpf.Instruction) {
		if !o.known || o.offset <= bpf.OffsetArch {
			return
		}
		if found[o.offset] == nil {
			found[o.offset] = map[uint32]bool{0: true, 0xffffffff: true}
		}
		add(found[o.offset], o, in)
	})
	return found
}

// add adds the values that the comparison in tells apart, and more.
func add(values map[uint32]bool, o operand, in bpf.Instruction) {
	for _, v := range []uint32{in.K - 1, in.K, in.K + 1} {
		values[v] = true
		values[v|^o.mask] = true // the bits that the mask hides
	}
	for bit := uint32(1); bit != 0; bit <<= 1 {
		masked := o.mask != 0xffffffff && o.mask&bit != 0
		tested := in.Code == bpf.JsetK && in.K&bit != 0
		if masked || tested {
			values[in.K^bit] = true
		}
		if tested {
			values[bit] = true
		}
	}
}

// walk visits the comparisons with a constant that can be reached; with a
// syscall given, those that can be reached with any of its arguments.
func (s scout) walk(d *bpf.Data, visit func(operand, bpf.Instruction)) {
	type point struct {
		pc  int
		acc operand
	}
	seen := map[point]bool{}
	todo := []point{{}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		in := s.code[at.pc]
		if isComparison(in) {
			visit(at.acc, in)
		}
		for _, pc := range s.next(at.pc, at.acc, d) {
			todo = append(todo, point{pc, after(at.acc, in)})
		}
	}
}

func isComparison(in bpf.Instruction) bool {
	return in.Code == bpf.JeqK || in.Code == bpf.JgtK || in.Code == bpf.JgeK || in.Code == bpf.JsetK
}

// next returns where the program can go from pc.
func (s scout) next(pc int, acc operand, d *bpf.Data) []int {
	const jumpClass, returnClass, classMask = 0x05, 0x06, 0x07
	in := s.code[pc]
	switch {
	case in.Code&classMask == returnClass:
		return nil
	case in.Code == bpf.Ja:
		return []int{pc + 1 + int(in.K)}
	case in.Code&classMask != jumpClass:
		return []int{pc + 1}
	}
	yes, no := pc+1+int(in.Jt), pc+1+int(in.Jf)
	if d != nil && acc.known && acc.offset <= bpf.OffsetArch && isComparison(in) {
		value := d.Nr
		if acc.offset == bpf.OffsetArch {
			value = uint32(d.Arch)
		}
		if holds(in, value&acc.mask) {
			return []int{yes}
		}
		return []int{no}
	}
	return []int{yes, no}
}

func holds(in bpf.Instruction, value uint32) bool {
	switch in.Code {
	case bpf.JeqK:
		return value == in.K
	case bpf.JgtK:
		return value > in.K
	case bpf.JgeK:
		return value >= in.K
	}
	return value&in.K != 0 // JsetK
}

// after returns what the accumulator holds behind in.
func after(acc operand, in bpf.Instruction) operand {
	const loadClass, aluClass, miscClass, classMask = 0x00, 0x04, 0x07, 0x07
	switch {
	case in.Code == bpf.LdAbs:
		return operand{in.K, 0xffffffff, true}
	case in.Code == bpf.AndK:
		acc.mask &= in.K
	case in.Code&classMask == loadClass, in.Code&classMask == aluClass, in.Code&classMask == miscClass:
		return operand{}
	}
	return acc
}
