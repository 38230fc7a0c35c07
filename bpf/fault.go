package bpf

import "fmt"

// A Fault is a broken rule. Each error of this package wraps its Fault, so that errors.Is
// finds it.
type Fault string

// Error says how the rule is broken.
func (f Fault) Error() string { return string(f) }

// What New and Decode refuse, besides a wrong length.
const (
	ErrPartial  Fault = "not a whole number of 8-byte instructions"
	ErrOpcode   Fault = "opcode is not allowed in a seccomp filter"
	ErrLoad     Fault = "load is not a 4-byte aligned offset inside struct seccomp_data"
	ErrDivide   Fault = "division by the constant 0"
	ErrShift    Fault = "shift by a constant above 31"
	ErrMemory   Fault = "scratch memory has only the cells 0 to 15"
	ErrUnset    Fault = "scratch memory is read on a path that has not written it"
	ErrJump     Fault = "jump leads past the last instruction"
	ErrNoReturn Fault = "last instruction is not a return"
)

// What Assembler.Program refuses in addition.
const (
	ErrLabelUnset Fault = "label marks no instruction"
	ErrLabelTwice Fault = "label marks two instructions"
	ErrLabelNext  Fault = "the empty label is reserved for the next instruction"
	ErrBackward   Fault = "jump leads backward"
)

// An InstructionError says which instruction breaks which rule.
type InstructionError struct {
	Index       int // counted from 0
	Instruction Instruction
	Fault       Fault
}

// Error has the index and the fields of the instruction.
func (e *InstructionError) Error() string {
	in := e.Instruction
	return fmt.Sprintf("instruction %d (code %#02x, jt %d, jf %d, k %#x): %s",
		e.Index, in.Code, in.Jt, in.Jf, in.K, e.Fault)
}

// Unwrap returns the Fault.
func (e *InstructionError) Unwrap() error { return e.Fault }

// A LengthError says that a program has no instructions, or more than
// MaxInstructions.
type LengthError struct {
	Count int
}

// Error has the count and the limit.
func (e *LengthError) Error() string {
	return fmt.Sprintf("program has %d instructions, a seccomp filter has 1 to %d", e.Count, MaxInstructions)
}
