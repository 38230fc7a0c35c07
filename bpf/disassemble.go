package bpf

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// String returns the program as Disassemble writes it, without syscall names.
func (p Program) String() string {
	var b strings.Builder
	p.Disassemble(&b, nil) // a Builder returns no error
	return b.String()
}

// Disassemble writes one line for every instruction: its index, its opcode and
// what it does. Jump targets are indexes.
//
//	0000: ld    A = arch
//	0001: jeq   if arch != x86_64 goto 0005
//	0002: ld    A = nr
//	0003: jeq   if nr != 59 (execve) goto 0005
//	0004: ret   ALLOW
//	0005: ret   KILL_PROCESS
//
// A comparison names the field of seccomp_data that A holds on every path to it. A syscall
// number is followed by its name if names returns one. names is called with the
// architecture, if earlier comparisons have settled it, and with the number including
// X32Bit; it may be nil.
//
// The text depends on the program and on names only. The error is that of w.
func (p Program) Disassemble(w io.Writer, names func(Arch, uint32) string) error {
	out := bufio.NewWriter(w)
	facts := trace(p.code)
	for pc, in := range p.code {
		l := listing{pc: pc, fact: facts[pc], names: names}
		fmt.Fprintf(out, "%04d: %-5s %s\n", pc, mnemonic(in), l.effect(in))
	}
	return out.Flush()
}

// mnemonic returns the opcode's name in the kernel's bpf_asm.
func mnemonic(in Instruction) string {
	switch in.Code & classMask {
	case classLd:
		return "ld"
	case classLdx:
		return "ldx"
	case classSt:
		return "st"
	case classStx:
		return "stx"
	case classAlu:
		return [...]string{"add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "neg", "", "xor"}[in.Code>>4]
	case classJmp:
		return [...]string{"ja", "jeq", "jgt", "jge", "jset"}[in.Code>>4]
	case classRet:
		return "ret"
	}
	if in.Code == Tax {
		return "tax"
	}
	return "txa"
}

// A listing is what the text of a line depends on besides the instruction.
type listing struct {
	pc    int
	fact  fact
	names func(Arch, uint32) string
}

// effect returns what an instruction does.
func (l listing) effect(in Instruction) string {
	switch in.Code & classMask {
	case classLd:
		return "A = " + source(in)
	case classLdx:
		return "X = " + source(in)
	case classSt:
		return fmt.Sprintf("M[%d] = A", in.K)
	case classStx:
		return fmt.Sprintf("M[%d] = X", in.K)
	case classAlu:
		return arithmetic(in)
	case classJmp:
		return l.jump(in)
	case classRet:
		if in.Code == RetA {
			return "A"
		}
		return Action(in.K).String()
	}
	if in.Code == Tax {
		return "X = A"
	}
	return "A = X"
}

// source returns what a load loads.
func source(in Instruction) string {
	switch in.Code & modeMask {
	case modeAbs:
		return fieldName(in.K)
	case modeMem:
		return fmt.Sprintf("M[%d]", in.K)
	case modeLen:
		return fmt.Sprintf("%#x (length of seccomp_data)", DataSize)
	}
	return fmt.Sprintf("%#x", in.K)
}

// fieldName returns the name of the word of seccomp_data at offset.
func fieldName(offset uint32) string {
	half := "low"
	if offset%8 != lowHalf() {
		half = "high"
	}
	switch {
	case offset == OffsetNr:
		return "nr"
	case offset == OffsetArch:
		return "arch"
	case offset < offsetArgs:
		return "instruction_pointer." + half
	}
	return fmt.Sprintf("args[%d].%s", (offset-offsetArgs)/8, half)
}

func arithmetic(in Instruction) string {
	if in.Code == Neg {
		return "A = -A"
	}
	op := [...]string{"+", "-", "*", "/", "|", "&", "<<", ">>", "", "", "^"}[in.Code>>4]
	if in.Code&srcX != 0 {
		return fmt.Sprintf("A %s= X", op)
	}
	return fmt.Sprintf("A %s= %#x", op, in.K)
}

// jump returns the condition and its targets. If one target is the next line, it returns
// the condition for the other target only.
func (l listing) jump(in Instruction) string {
	next := l.pc + 1
	if in.Code == Ja {
		return fmt.Sprintf("goto %04d", next+int(in.K))
	}
	yes, no := next+int(in.Jt), next+int(in.Jf)
	switch {
	case yes == no:
		return fmt.Sprintf("goto %04d", yes)
	case no == next:
		return fmt.Sprintf("if %s goto %04d", l.condition(in, true), yes)
	case yes == next:
		return fmt.Sprintf("if %s goto %04d", l.condition(in, false), no)
	}
	return fmt.Sprintf("if %s goto %04d else %04d", l.condition(in, true), yes, no)
}

// condition returns the comparison of a jump, or the opposite comparison.
func (l listing) condition(in Instruction, holds bool) string {
	left, right := "A", "X"
	if l.fact.field != noField {
		left = fieldName(l.fact.field)
	}
	if in.Code&srcX == 0 {
		right = l.constant(in)
	}
	switch in.Code & opMask {
	case opJeq:
		return left + choose(holds, " == ", " != ") + right
	case opJgt:
		return left + choose(holds, " > ", " <= ") + right
	case opJge:
		return left + choose(holds, " >= ", " < ") + right
	}
	return choose(holds, "", "!(") + left + " & " + right + choose(holds, "", ")")
}

func choose(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// constant returns the operand K of a comparison, in the form of the field that A holds.
func (l listing) constant(in Instruction) string {
	op := in.Code & opMask
	switch {
	case l.fact.field == OffsetArch && op == opJeq:
		return Arch(in.K).String()
	case l.fact.field == OffsetNr && op != opJset:
		return l.number(in.K)
	}
	return fmt.Sprintf("%#x", in.K)
}

// number returns a syscall number and, if it has one, its name. Numbers far above all
// syscalls are in hexadecimal, because they are bits, such as X32Bit.
func (l listing) number(nr uint32) string {
	text := fmt.Sprint(nr)
	if nr > 0xffff {
		text = fmt.Sprintf("%#x", nr)
	}
	if l.names == nil || l.fact.arch == 0 {
		return text
	}
	if name := l.names(l.fact.arch, nr); name != "" {
		text += " (" + name + ")"
	}
	return text
}
