package bpf

// An Instruction is struct sock_filter of <linux/filter.h>.
type Instruction struct {
	Code   uint16 // what to do: one of the opcodes below
	Jt, Jf uint8  // conditional jumps: instructions to skip if true, if false
	K      uint32 // the operand
}

// Parts of an opcode, from <linux/bpf_common.h>.
const (
	classMask = 0x07
	classLd   = 0x00 // BPF_LD
	classLdx  = 0x01 // BPF_LDX
	classSt   = 0x02 // BPF_ST
	classStx  = 0x03 // BPF_STX
	classAlu  = 0x04 // BPF_ALU
	classJmp  = 0x05 // BPF_JMP
	classRet  = 0x06 // BPF_RET
	classMisc = 0x07 // BPF_MISC

	modeMask = 0xe0
	modeImm  = 0x00 // BPF_IMM
	modeAbs  = 0x20 // BPF_ABS
	modeMem  = 0x60 // BPF_MEM
	modeLen  = 0x80 // BPF_LEN

	opMask = 0xf0
	opAdd  = 0x00 // BPF_ADD
	opSub  = 0x10 // BPF_SUB
	opMul  = 0x20 // BPF_MUL
	opDiv  = 0x30 // BPF_DIV
	opOr   = 0x40 // BPF_OR
	opAnd  = 0x50 // BPF_AND
	opLsh  = 0x60 // BPF_LSH
	opRsh  = 0x70 // BPF_RSH
	opNeg  = 0x80 // BPF_NEG
	opXor  = 0xa0 // BPF_XOR

	opJa   = 0x00 // BPF_JA
	opJeq  = 0x10 // BPF_JEQ
	opJgt  = 0x20 // BPF_JGT
	opJge  = 0x30 // BPF_JGE
	opJset = 0x40 // BPF_JSET

	srcK = 0x00 // BPF_K: the operand is K
	srcX = 0x08 // BPF_X: the operand is X
	srcA = 0x10 // BPF_A: the operand is A

	moveTax = 0x00 // BPF_TAX
	moveTxa = 0x80 // BPF_TXA
)

// Loads and stores. A and X are the two registers, M is the scratch memory.
const (
	LdAbs  uint16 = classLd | modeAbs   // BPF_LD|BPF_W|BPF_ABS: A = the word of seccomp_data at offset K
	LdLen  uint16 = classLd | modeLen   // BPF_LD|BPF_W|BPF_LEN: A = sizeof(struct seccomp_data)
	LdImm  uint16 = classLd | modeImm   // BPF_LD|BPF_IMM: A = K
	LdMem  uint16 = classLd | modeMem   // BPF_LD|BPF_MEM: A = M[K]
	LdxLen uint16 = classLdx | modeLen  // BPF_LDX|BPF_W|BPF_LEN: X = sizeof(struct seccomp_data)
	LdxImm uint16 = classLdx | modeImm  // BPF_LDX|BPF_IMM: X = K
	LdxMem uint16 = classLdx | modeMem  // BPF_LDX|BPF_MEM: X = M[K]
	St     uint16 = classSt             // BPF_ST: M[K] = A
	Stx    uint16 = classStx            // BPF_STX: M[K] = X
	Tax    uint16 = classMisc | moveTax // BPF_MISC|BPF_TAX: X = A
	Txa    uint16 = classMisc | moveTxa // BPF_MISC|BPF_TXA: A = X
)

// Arithmetic on A, unsigned and modulo 2^32. BPF_MOD is missing because
// seccomp_check_filter (kernel/seccomp.c) does not list it.
const (
	AddK uint16 = classAlu | opAdd | srcK // BPF_ALU|BPF_ADD|BPF_K: A += K
	AddX uint16 = classAlu | opAdd | srcX // BPF_ALU|BPF_ADD|BPF_X: A += X
	SubK uint16 = classAlu | opSub | srcK // BPF_ALU|BPF_SUB|BPF_K: A -= K
	SubX uint16 = classAlu | opSub | srcX // BPF_ALU|BPF_SUB|BPF_X: A -= X
	MulK uint16 = classAlu | opMul | srcK // BPF_ALU|BPF_MUL|BPF_K: A *= K
	MulX uint16 = classAlu | opMul | srcX // BPF_ALU|BPF_MUL|BPF_X: A *= X
	DivK uint16 = classAlu | opDiv | srcK // BPF_ALU|BPF_DIV|BPF_K: A /= K
	DivX uint16 = classAlu | opDiv | srcX // BPF_ALU|BPF_DIV|BPF_X: A /= X; if X is 0, return 0
	AndK uint16 = classAlu | opAnd | srcK // BPF_ALU|BPF_AND|BPF_K: A &= K
	AndX uint16 = classAlu | opAnd | srcX // BPF_ALU|BPF_AND|BPF_X: A &= X
	OrK  uint16 = classAlu | opOr | srcK  // BPF_ALU|BPF_OR|BPF_K: A |= K
	OrX  uint16 = classAlu | opOr | srcX  // BPF_ALU|BPF_OR|BPF_X: A |= X
	XorK uint16 = classAlu | opXor | srcK // BPF_ALU|BPF_XOR|BPF_K: A ^= K
	XorX uint16 = classAlu | opXor | srcX // BPF_ALU|BPF_XOR|BPF_X: A ^= X
	LshK uint16 = classAlu | opLsh | srcK // BPF_ALU|BPF_LSH|BPF_K: A <<= K
	LshX uint16 = classAlu | opLsh | srcX // BPF_ALU|BPF_LSH|BPF_X: A <<= X & 31
	RshK uint16 = classAlu | opRsh | srcK // BPF_ALU|BPF_RSH|BPF_K: A >>= K
	RshX uint16 = classAlu | opRsh | srcX // BPF_ALU|BPF_RSH|BPF_X: A >>= X & 31
	Neg  uint16 = classAlu | opNeg        // BPF_ALU|BPF_NEG: A = -A
)

// Jumps, forward only. Comparisons are unsigned.
const (
	Ja    uint16 = classJmp | opJa          // BPF_JMP|BPF_JA: skip K instructions
	JeqK  uint16 = classJmp | opJeq | srcK  // BPF_JMP|BPF_JEQ|BPF_K: skip Jt if A == K, else Jf
	JeqX  uint16 = classJmp | opJeq | srcX  // BPF_JMP|BPF_JEQ|BPF_X: skip Jt if A == X, else Jf
	JgtK  uint16 = classJmp | opJgt | srcK  // BPF_JMP|BPF_JGT|BPF_K: skip Jt if A > K, else Jf
	JgtX  uint16 = classJmp | opJgt | srcX  // BPF_JMP|BPF_JGT|BPF_X: skip Jt if A > X, else Jf
	JgeK  uint16 = classJmp | opJge | srcK  // BPF_JMP|BPF_JGE|BPF_K: skip Jt if A >= K, else Jf
	JgeX  uint16 = classJmp | opJge | srcX  // BPF_JMP|BPF_JGE|BPF_X: skip Jt if A >= X, else Jf
	JsetK uint16 = classJmp | opJset | srcK // BPF_JMP|BPF_JSET|BPF_K: skip Jt if A & K != 0, else Jf
	JsetX uint16 = classJmp | opJset | srcX // BPF_JMP|BPF_JSET|BPF_X: skip Jt if A & X != 0, else Jf
)

// Returns.
const (
	RetK uint16 = classRet | srcK // BPF_RET|BPF_K: return K
	RetA uint16 = classRet | srcA // BPF_RET|BPF_A: return A
)
