package bpf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// The opcodes are the UAPI's.
func TestOpcodeValues(t *testing.T) {
	src := []uint16{unix.BPF_K, unix.BPF_X}
	alu, jmp := uint16(unix.BPF_ALU), uint16(unix.BPF_JMP)
	var want []uint16
	want = append(want,
		unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, unix.BPF_LD|unix.BPF_W|unix.BPF_LEN,
		unix.BPF_LD|unix.BPF_IMM, unix.BPF_LD|unix.BPF_MEM,
		unix.BPF_LDX|unix.BPF_W|unix.BPF_LEN, unix.BPF_LDX|unix.BPF_IMM, unix.BPF_LDX|unix.BPF_MEM,
		unix.BPF_ST, unix.BPF_STX, unix.BPF_MISC|unix.BPF_TAX, unix.BPF_MISC|unix.BPF_TXA)
	for _, op := range []uint16{unix.BPF_ADD, unix.BPF_SUB, unix.BPF_MUL, unix.BPF_DIV,
		unix.BPF_AND, unix.BPF_OR, unix.BPF_XOR, unix.BPF_LSH, unix.BPF_RSH} {
		want = append(want, alu|op|src[0], alu|op|src[1])
	}
	want = append(want, alu|unix.BPF_NEG, jmp|unix.BPF_JA)
	for _, op := range []uint16{unix.BPF_JEQ, unix.BPF_JGT, unix.BPF_JGE, unix.BPF_JSET} {
		want = append(want, jmp|op|src[0], jmp|op|src[1])
	}
	want = append(want, unix.BPF_RET|unix.BPF_K, unix.BPF_RET|unix.BPF_A)
	if len(want) != len(allOpcodes) {
		t.Fatalf("%d opcodes, want %d", len(allOpcodes), len(want))
	}
	for i, code := range allOpcodes {
		if code != want[i] {
			t.Errorf("opcode %d is %#02x, want %#02x", i, code, want[i])
		}
	}
}

func TestBytesAreSockFilters(t *testing.T) {
	p := mustNew(t, Instruction{JeqK, 1, 0, 0x11223344}, Instruction{RetK, 3, 4, 5}, Instruction{Code: RetA})
	var want bytes.Buffer
	for _, f := range []unix.SockFilter{{Code: JeqK, Jt: 1, K: 0x11223344}, {Code: RetK, Jt: 3, Jf: 4, K: 5}, {Code: RetA}} {
		if err := binary.Write(&want, binary.NativeEndian, f); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Bytes(); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("Bytes = %x, want %x", got, want.Bytes())
	}
}

func TestDecodeReadsBytes(t *testing.T) {
	r := newRandom(3)
	for range 100 {
		p := generate(t, r.bytes(8*r.IntN(50)), allOpcodes)
		q, err := Decode(p.Bytes())
		if err != nil || !q.Equal(p) {
			t.Fatalf("Decode(Bytes) = %v, %v\nwant %v", q, err, p)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	returnA := Program{[]Instruction{{Code: RetA}}}.Bytes()
	for _, tt := range []struct {
		fact string
		raw  []byte
		want error
	}{
		{"an empty program", nil, &LengthError{0}},
		{"part of an instruction", returnA[:7], ErrPartial},
		{"an instruction and a part", append(returnA[:8:8], 0), ErrPartial},
		{"more instructions than the kernel takes", bytes.Repeat(returnA, 4097), &LengthError{4097}},
		{"what New refuses", Program{[]Instruction{{Code: DivK}, {Code: RetA}}}.Bytes(), ErrDivide},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			p, err := Decode(tt.raw)
			var got, want *LengthError
			if errors.As(tt.want, &want) {
				if !errors.As(err, &got) || *got != *want {
					t.Errorf("Decode: %v, want %v", err, tt.want)
				}
			} else if !errors.Is(err, tt.want) {
				t.Errorf("Decode: %v, want %v", err, tt.want)
			}
			if p.Len() != 0 {
				t.Errorf("Decode returns %v with its error", p)
			}
		})
	}
}

func TestProgramCannotBeChanged(t *testing.T) {
	code := []Instruction{{Code: LdImm, K: 1}, {Code: RetA}}
	p := mustNew(t, code...)
	code[0].K = 2
	p.Instructions()[0].K = 3
	p.Bytes()[4] = 4
	if got := p.Run(Data{}); got != 1 {
		t.Errorf("Run = %d after changes to copies, want 1", got)
	}
}

func TestEqual(t *testing.T) {
	a := mustNew(t, Instruction{Code: LdImm, K: 1}, Instruction{Code: RetA})
	for _, tt := range []struct {
		fact string
		b    Program
		want bool
	}{
		{"the same instructions", mustNew(t, a.Instructions()...), true},
		{"another operand", mustNew(t, Instruction{Code: LdImm, K: 2}, Instruction{Code: RetA}), false},
		{"another unused field", mustNew(t, Instruction{Code: LdImm, K: 1}, Instruction{Code: RetA, K: 1}), false},
		{"a longer program", mustNew(t, append(a.Instructions(), Instruction{Code: RetA})...), false},
		{"the zero Program", Program{}, false},
	} {
		if got := a.Equal(tt.b); got != tt.want {
			t.Errorf("%s: Equal = %t", tt.fact, got)
		}
		if got := tt.b.Equal(a); got != tt.want {
			t.Errorf("%s, turned: Equal = %t", tt.fact, got)
		}
	}
}

func TestZeroProgramHasNothing(t *testing.T) {
	var p Program
	if p.Len() != 0 || len(p.Bytes()) != 0 || len(p.Instructions()) != 0 || p.String() != "" || !p.Equal(Program{}) {
		t.Errorf("zero Program: Len %d, Bytes %x, String %q", p.Len(), p.Bytes(), p)
	}
}
