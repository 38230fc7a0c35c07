package bpf

import "slices"

const memoryCells = 16 // BPF_MEMWORDS

// check accepts code exactly when the kernel does. The kernel's functions that refuse a
// program with EINVAL are seccomp_prepare_filter for its length, bpf_check_classic and
// check_load_and_stores for the rules of all classic programs, and seccomp_check_filter
// for the additional rules of seccomp.
func check(code []Instruction) error {
	if len(code) == 0 || len(code) > MaxInstructions {
		return &LengthError{len(code)}
	}
	last := len(code) - 1
	for i, in := range code {
		if fault := checkInstruction(in, uint32(last-i)); fault != "" {
			return &InstructionError{i, in, fault}
		}
	}
	if code[last].Code&classMask != classRet {
		return &InstructionError{last, code[last], ErrNoReturn}
	}
	if i, ok := unsetRead(code); ok {
		return &InstructionError{i, code[i], ErrUnset}
	}
	return nil
}

// checkInstruction returns the rule that an instruction breaks, or "". behind is how many
// instructions follow it.
//
// The opcodes are those of seccomp_check_filter (kernel/seccomp.c), a subset of those of
// chk_code_allowed. bpf_check_classic (net/core/filter.c) checks the operands, except that
// of LdAbs, where seccomp_check_filter is stricter. Fields that an opcode does not use may
// have any value.
func checkInstruction(in Instruction, behind uint32) Fault {
	switch in.Code {
	case LdLen, LdImm, LdxLen, LdxImm, Tax, Txa, RetK, RetA, Neg,
		AddK, AddX, SubK, SubX, MulK, MulX, DivX, AndK, AndX, OrK, OrX, XorK, XorX, LshX, RshX:
		return ""
	case LdAbs:
		return unless(in.K < DataSize && in.K%4 == 0, ErrLoad)
	case LdMem, LdxMem, St, Stx:
		return unless(in.K < memoryCells, ErrMemory)
	case DivK:
		return unless(in.K != 0, ErrDivide)
	case LshK, RshK:
		return unless(in.K < 32, ErrShift)
	case Ja:
		return unless(in.K < behind, ErrJump)
	case JeqK, JeqX, JgtK, JgtX, JgeK, JgeX, JsetK, JsetX:
		return unless(uint32(max(in.Jt, in.Jf)) < behind, ErrJump)
	}
	return ErrOpcode
}

func unless(kept bool, f Fault) Fault {
	if kept {
		return ""
	}
	return f
}

// unsetRead returns the first instruction that reads a scratch cell which some path to it
// has not written. It is check_load_and_stores (net/core/filter.c), with two properties of
// the kernel that are kept on purpose: an instruction behind a return counts as reached
// from the return, and for one behind a jump that no jump leads to, all cells count as
// written.
func unsetRead(code []Instruction) (index int, found bool) {
	const all = 1<<memoryCells - 1
	written := slices.Repeat([]uint16{all}, len(code)) // on every jump to an instruction; one bit for each cell
	var now uint16                                     // on every path to the current instruction
	for i, in := range code {
		now &= written[i]
		switch in.Code {
		case St, Stx:
			now |= 1 << in.K
		case LdMem, LdxMem:
			if now&(1<<in.K) == 0 {
				return i, true
			}
		case Ja:
			written[i+1+int(in.K)] &= now
			now = all
		case JeqK, JeqX, JgtK, JgtX, JgeK, JgeX, JsetK, JsetX:
			written[i+1+int(in.Jt)] &= now
			written[i+1+int(in.Jf)] &= now
			now = all
		}
	}
	return 0, false
}
