package bpf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var ret = Instruction{Code: RetA}

// Each row has the verdict of New, which must be that of the kernel too.
var newFacts = []struct {
	fact string
	code []Instruction
	want verdict
}{
	{"a return alone is a program", []Instruction{ret}, accepted},
	{"the last instruction must return", []Instruction{ret, {Code: LdImm}}, at(1, ErrNoReturn)},
	{"the last instruction must not be a jump", []Instruction{{Code: Ja}}, at(0, ErrJump)},

	{"BPF_MOD is not for seccomp", []Instruction{{Code: classAlu | 0x90, K: 1}, ret}, at(0, ErrOpcode)},
	{"BPF_LD|BPF_B|BPF_ABS is not for seccomp", []Instruction{{Code: LdAbs | 0x10}, ret}, at(0, ErrOpcode)},
	{"BPF_LD|BPF_W|BPF_IND is not for seccomp", []Instruction{{Code: 0x40}, ret}, at(0, ErrOpcode)},
	{"BPF_LDX|BPF_B|BPF_MSH is not for seccomp", []Instruction{{Code: 0xb1}, ret}, at(0, ErrOpcode)},
	{"BPF_RET|BPF_X is no opcode", []Instruction{{Code: classRet | srcX}}, at(0, ErrOpcode)},
	{"the opcode's upper byte counts", []Instruction{{Code: 0x100 | LdImm}, ret}, at(0, ErrOpcode)},

	{"a load of the last word", []Instruction{{Code: LdAbs, K: 60}, ret}, accepted},
	{"a load behind the last word", []Instruction{{Code: LdAbs, K: 64}, ret}, at(0, ErrLoad)},
	{"a load of an ancillary field", []Instruction{{Code: LdAbs, K: 0xfffff000}, ret}, at(0, ErrLoad)},
	{"an unaligned load", []Instruction{{Code: LdAbs, K: 2}, ret}, at(0, ErrLoad)},
	{"LD LEN ignores K", []Instruction{{Code: LdLen, K: 65}, ret}, accepted},

	{"division by 1", []Instruction{{Code: DivK, K: 1}, ret}, accepted},
	{"division by the constant 0", []Instruction{{Code: DivK}, ret}, at(0, ErrDivide)},
	{"division by an X of 0 is found at run time", []Instruction{{Code: DivX}, ret}, accepted},
	{"left shift by 31", []Instruction{{Code: LshK, K: 31}, ret}, accepted},
	{"left shift by 32", []Instruction{{Code: LshK, K: 32}, ret}, at(0, ErrShift)},
	{"right shift by 32", []Instruction{{Code: RshK, K: 32}, ret}, at(0, ErrShift)},
	{"a shift by X ignores K", []Instruction{{Code: RshX, K: 32}, ret}, accepted},

	{"a jump to the last instruction", []Instruction{{Code: Ja, K: 1}, ret, ret}, accepted},
	{"a jump past the last instruction", []Instruction{{Code: Ja, K: 2}, ret, ret}, at(0, ErrJump)},
	{"a backward jump", []Instruction{ret, {Code: Ja, K: 0xffffffff}, ret}, at(1, ErrJump)},
	{"both ways of a branch inside", []Instruction{{Code: JeqK, Jt: 1, Jf: 0}, ret, ret}, accepted},
	{"jt past the last instruction", []Instruction{{Code: JeqK, Jt: 2}, ret, ret}, at(0, ErrJump)},
	{"jf past the last instruction", []Instruction{{Code: JsetX, Jf: 2}, ret, ret}, at(0, ErrJump)},
	{"jt of what is no branch is ignored", []Instruction{{Code: LdImm, Jt: 9}, ret}, accepted},

	{"a store to the last cell", []Instruction{{Code: St, K: 15}, ret}, accepted},
	{"a store behind the last cell", []Instruction{{Code: Stx, K: 16}, ret}, at(0, ErrMemory)},
	{"a load behind the last cell", []Instruction{{Code: LdMem, K: 16}, ret}, at(0, ErrMemory)},
	{"a read of a written cell", []Instruction{{Code: St, K: 3}, {Code: LdxMem, K: 3}, ret}, accepted},
	{"a read of another cell", []Instruction{{Code: St, K: 3}, {Code: LdMem, K: 4}, ret}, at(1, ErrUnset)},
	{"a cell written on one of two paths", []Instruction{{Code: JeqK, Jt: 1}, {Code: St}, {Code: LdMem}, ret}, at(2, ErrUnset)},
	{"a cell written on both paths", []Instruction{
		{Code: JeqK, Jt: 2}, {Code: St}, {Code: Ja, K: 1}, {Code: Stx}, {Code: LdMem}, ret}, accepted},
	{"a cell written before the paths part", []Instruction{{Code: St}, {Code: JeqK, Jt: 1}, {Code: Ja}, {Code: LdMem}, ret}, accepted},
	{"dead code behind a jump has every cell", []Instruction{{Code: Ja, K: 1}, {Code: LdMem, K: 7}, ret}, accepted},
	{"dead code behind a return has the return's cells", []Instruction{ret, {Code: LdMem, K: 7}, ret}, at(1, ErrUnset)},
	{"a read behind a return of a cell written before the branch over it", []Instruction{
		{Code: St}, {Code: JeqK, Jt: 1}, ret, {Code: LdMem}, ret}, accepted},
	{"the first fault is reported", []Instruction{{Code: DivK}, {Code: 0xff}, {Code: LdImm}}, at(0, ErrDivide)},
}

func TestNew(t *testing.T) {
	for _, tt := range newFacts {
		t.Run(tt.fact, func(t *testing.T) {
			_, err := New(tt.code)
			if got := verdictOf(t, err); got != tt.want {
				t.Errorf("New: %v, want %v", got, tt.want)
			}
			if got, want := kernel(t).accepts(t, tt.code)[0], tt.want == accepted; got != want {
				t.Errorf("kernel accepts: %t, want %t", got, want)
			}
		})
	}
}

// A verdict is the index and the rule of New's error.
type verdict struct {
	index int
	fault Fault
}

var accepted = verdict{-1, ""}

func at(i int, f Fault) verdict { return verdict{i, f} }

func verdictOf(t *testing.T, err error) verdict {
	t.Helper()
	if err == nil {
		return accepted
	}
	var bad *InstructionError
	if !errors.As(err, &bad) {
		t.Fatalf("New: error %v is no InstructionError", err)
	}
	if !errors.Is(err, bad.Fault) {
		t.Errorf("errors.Is does not find %v", bad.Fault)
	}
	return verdict{bad.Index, bad.Fault}
}

func TestNewLength(t *testing.T) {
	for _, tt := range []struct {
		count int
		want  error
	}{
		{0, &LengthError{0}},
		{1, nil},
		{MaxInstructions, nil},
		{MaxInstructions + 1, &LengthError{MaxInstructions + 1}},
		{65535, &LengthError{65535}},
	} {
		code := slices.Repeat([]Instruction{{Code: RetK, K: uint32(Allow)}}, tt.count)
		_, err := New(code)
		var length *LengthError
		if errors.As(err, &length) != (tt.want != nil) || length != nil && *length != *tt.want.(*LengthError) {
			t.Errorf("New of %d instructions: %v, want %v", tt.count, err, tt.want)
		}
		if got := kernel(t).accepts(t, code)[0]; got != (tt.want == nil) {
			t.Errorf("kernel accepts %d instructions: %t", tt.count, got)
		}
	}
}

// The kernel translates a classic program into a longer form whose jumps have 16 bits. It
// refuses no classic program because of that.
func TestNewLargestExpansion(t *testing.T) {
	code := slices.Repeat([]Instruction{{Code: DivX}}, MaxInstructions)
	code[0] = Instruction{Code: Ja, K: MaxInstructions - 2}
	code[MaxInstructions-1] = Instruction{Code: RetA}
	mustNew(t, code...)
	if !kernel(t).accepts(t, code)[0] {
		t.Error("kernel refuses the longest jump over the largest instructions")
	}
}

// Every opcode, with operands that suit each of them and with some that do not.
func TestNewOpcodesAgreeWithKernel(t *testing.T) {
	var programs [][]Instruction
	for code := range 1 << 16 {
		for _, k := range []uint32{0, 1} {
			programs = append(programs, around(Instruction{Code: uint16(code), K: k}))
		}
	}
	allowed := compareWithCheck(t, programs)
	// Only a division by 0 and the unaligned load are refused for their operand.
	if want := 2*len(allOpcodes) - 2; allowed != want {
		t.Errorf("%d programs are allowed, want %d", allowed, want)
	}
}

// Every opcode that seccomp allows, with operands around each limit.
func TestNewOperandsAgreeWithKernel(t *testing.T) {
	var programs [][]Instruction
	for _, code := range allOpcodes {
		for _, k := range append(edges, 4, 6, 14, 15, 16, 17, 56, 60, 62, 65, 68, 0xfffff000, 0xfffff028) {
			programs = append(programs, around(Instruction{Code: code, K: k}))
		}
		for _, jt := range []uint8{0, 1, 2, 127, 128, 254, 255} {
			for _, jf := range []uint8{0, 1, 2, 127, 128, 254, 255} {
				programs = append(programs, around(Instruction{code, jt, jf, 1}))
			}
		}
	}
	compareWithCheck(t, programs)
}

// around puts in between a program that has written the cells 0 and 1, and two returns.
func around(in Instruction) []Instruction {
	return []Instruction{{Code: St, K: 0}, {Code: St, K: 1}, in, {Code: RetA}, {Code: RetA}}
}

// Random programs that read and write few cells and jump about.
func TestNewMemoryRuleAgreesWithKernel(t *testing.T) {
	r := newRandom(2)
	programs := make([][]Instruction, 20000)
	for i := range programs {
		for range 3 + r.IntN(10) {
			in := Instruction{Code: []uint16{St, Stx, LdMem, LdxMem, Ja, JeqK, JgtX, RetA, LdImm}[r.IntN(9)]}
			in.K, in.Jt, in.Jf = uint32(r.IntN(2)), uint8(r.IntN(3)), uint8(r.IntN(3))
			programs[i] = append(programs[i], in)
		}
		programs[i] = append(programs[i], Instruction{Code: RetA}, Instruction{Code: RetA})
	}
	if allowed := compareWithCheck(t, programs); allowed < 4000 || allowed > 16000 {
		t.Errorf("%d of %d programs are allowed: too few of one sort", allowed, len(programs))
	}
}

// compareWithCheck checks that New and the kernel agree on every program. It returns how
// many they accept.
func compareWithCheck(t *testing.T, programs [][]Instruction) (allowed int) {
	t.Helper()
	for i, got := range kernel(t).accepts(t, programs...) {
		p, err := New(programs[i])
		if got != (err == nil) {
			t.Errorf("kernel accepts: %t, New: %v\n%v", got, err, programs[i])
		}
		if got && p.Len() == len(programs[i]) {
			allowed++
		}
	}
	return allowed
}

func TestErrorsNameTheInstruction(t *testing.T) {
	_, err := New([]Instruction{{Code: LdImm}, {DivK, 1, 2, 0}, {Code: RetA}})
	want := "instruction 1 (code 0x34, jt 1, jf 2, k 0x0): division by the constant 0"
	if err == nil || err.Error() != want {
		t.Errorf("New: %v, want %s", err, want)
	}
	_, err = New(make([]Instruction, 5000))
	for _, part := range []string{"5000", "4096"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("New: %v, does not say %s", err, part)
		}
	}
}
