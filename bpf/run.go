package bpf

import "encoding/binary"

// Run returns the action that the kernel's BPF returns for d. It does not allocate memory.
//
// The rules are those of bpf_convert_filter (net/core/filter.c), which turns a
// classic program into the kernel's own instructions, and of ___bpf_prog_run
// (kernel/bpf/core.c), which runs them: A and X start as 0, and a division by
// an X of 0 ends the program with 0, which is KillThread.
func (p Program) Run(d Data) Action {
	data := d.Bytes()
	var a, x uint32
	var mem [memoryCells]uint32
	for pc := 0; pc < len(p.code); pc++ {
		in := p.code[pc]
		operand := in.K
		if in.Code&srcX != 0 {
			operand = x
		}
		switch in.Code & classMask {
		case classLd:
			a = load(in, &data, &mem)
		case classLdx:
			x = load(in, &data, &mem)
		case classSt:
			mem[in.K] = a
		case classStx:
			mem[in.K] = x
		case classAlu:
			if in.Code == DivX && x == 0 {
				return Action(0)
			}
			a = compute(in.Code&opMask, a, operand)
		case classJmp:
			pc += skip(in, a, operand)
		case classRet:
			if in.Code == RetA {
				return Action(a)
			}
			return Action(in.K)
		case classMisc:
			if in.Code == Tax {
				x = a
			} else {
				a = x
			}
		}
	}
	return KillProcess // only the zero Program has no return
}

// load returns the value that the instruction loads.
func load(in Instruction, data *[DataSize]byte, mem *[memoryCells]uint32) uint32 {
	switch in.Code & modeMask {
	case modeAbs:
		return binary.NativeEndian.Uint32(data[in.K:])
	case modeMem:
		return mem[in.K]
	case modeLen:
		return DataSize
	default: // modeImm
		return in.K
	}
}

// compute returns a op b. A shift uses the lower five bits of b, as the
// kernel's 32-bit shifts do.
func compute(op uint16, a, b uint32) uint32 {
	switch op {
	case opAdd:
		return a + b
	case opSub:
		return a - b
	case opMul:
		return a * b
	case opDiv:
		return a / b
	case opAnd:
		return a & b
	case opOr:
		return a | b
	case opXor:
		return a ^ b
	case opLsh:
		return a << (b & 31)
	case opRsh:
		return a >> (b & 31)
	default: // opNeg
		return -a
	}
}

// skip returns how many instructions a jump passes over.
func skip(in Instruction, a, b uint32) int {
	var holds bool
	switch in.Code & opMask {
	case opJeq:
		holds = a == b
	case opJgt:
		holds = a > b
	case opJge:
		holds = a >= b
	case opJset:
		holds = a&b != 0
	default: // opJa
		return int(in.K)
	}
	if holds {
		return int(in.Jt)
	}
	return int(in.Jf)
}
