package bpf

import (
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	// MaxInstructions is BPF_MAXINSNS, the length of the longest program that
	// the kernel accepts.
	MaxInstructions = 4096

	instructionSize = 8 // sizeof(struct sock_filter)
)

// A Program is a sequence of instructions that the kernel accepts as a seccomp
// filter. It cannot be changed.
//
// The zero Program has no instructions. The kernel refuses to load it, and its Run returns
// KillProcess.
type Program struct {
	code []Instruction
}

// New returns the program made of a copy of code.
//
// It accepts what the kernel accepts. The error is a [*LengthError] for an
// empty or too long program, otherwise an [*InstructionError] for the first
// instruction that breaks a rule.
func New(code []Instruction) (Program, error) {
	if err := check(code); err != nil {
		return Program{}, err
	}
	return Program{slices.Clone(code)}, nil
}

// Decode returns the program that raw holds as an array of struct sock_filter
// in the host's byte order, the form that the kernel takes and that
// libseccomp's seccomp_export_bpf writes.
//
// The error is as for New, or [ErrPartial] if raw ends inside an instruction.
func Decode(raw []byte) (Program, error) {
	if len(raw)%instructionSize != 0 {
		return Program{}, fmt.Errorf("%w: %d bytes", ErrPartial, len(raw))
	}
	code := make([]Instruction, 0, len(raw)/instructionSize)
	for b := range slices.Chunk(raw, instructionSize) {
		code = append(code, Instruction{
			Code: binary.NativeEndian.Uint16(b),
			Jt:   b[2],
			Jf:   b[3],
			K:    binary.NativeEndian.Uint32(b[4:]),
		})
	}
	if err := check(code); err != nil {
		return Program{}, err
	}
	return Program{code}, nil
}

// Bytes returns the program in the form that Decode reads.
func (p Program) Bytes() []byte {
	raw := make([]byte, 0, len(p.code)*instructionSize)
	for _, in := range p.code {
		raw = binary.NativeEndian.AppendUint16(raw, in.Code)
		raw = append(raw, in.Jt, in.Jf)
		raw = binary.NativeEndian.AppendUint32(raw, in.K)
	}
	return raw
}

// Len returns the number of instructions.
func (p Program) Len() int { return len(p.code) }

// Instructions returns a copy of the instructions.
func (p Program) Instructions() []Instruction { return slices.Clone(p.code) }

// Equal reports whether p and q have the same instructions. Programs that
// differ can still mean the same.
func (p Program) Equal(q Program) bool { return slices.Equal(p.code, q.code) }
