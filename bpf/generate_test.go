package bpf

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// allOpcodes is every opcode that seccomp allows.
var allOpcodes = []uint16{
	LdAbs, LdLen, LdImm, LdMem, LdxLen, LdxImm, LdxMem, St, Stx, Tax, Txa,
	AddK, AddX, SubK, SubX, MulK, MulX, DivK, DivX, AndK, AndX, OrK, OrX, XorK, XorX, LshK, LshX, RshK, RshX, Neg,
	Ja, JeqK, JeqX, JgtK, JgtX, JgeK, JgeX, JsetK, JsetX, RetK, RetA,
}

// generate makes a program from any bytes, eight for each instruction, with the given
// opcodes, and with LdImm and RetA where nothing else is valid. A small change of the
// bytes is a small change of the program, as a fuzzer needs it.
func generate(t testing.TB, raw []byte, opcodes []uint16) Program {
	t.Helper()
	raw = raw[:min(len(raw), 8*200)]
	var code []Instruction
	for b := range slices.Chunk(raw[:len(raw)/8*8], 8) {
		in := Instruction{opcodes[int(b[0])%len(opcodes)], b[2] % 8, b[3] % 8, binary.LittleEndian.Uint32(b[4:])}
		switch in.Code {
		case LdAbs:
			in.K = in.K % DataSize &^ 3
		case LdMem, LdxMem, St, Stx:
			in.K %= 4 // few cells, so that reads often hit written ones
		case LshK, RshK:
			in.K %= 32
		case Ja:
			in.K %= 8
		case RetK, RetA, DivX: // these end a program, DivX if X is 0
			if b[1]%4 != 3 { // else most would end soon
				in.Code = XorX
			}
		}
		code = append(code, in)
	}
	code = append(code, Instruction{Code: RetA})
	return repair(t, code)
}

// repair replaces the instructions that New complains about.
func repair(t testing.TB, code []Instruction) Program {
	t.Helper()
	for range len(code) + 1 {
		p, err := New(code)
		var bad *InstructionError
		if !errors.As(err, &bad) {
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			return p
		}
		code[bad.Index] = Instruction{Code: LdImm, K: bad.Instruction.K}
	}
	t.Fatal("New complains about what it did not complain about before")
	return Program{}
}

// A random makes reproducible test data.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 0))} }

func (r random) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// edges are the values around which unsigned, signed and shift arithmetic differ.
var edges = []uint32{
	0, 1, 2, 3, 5, 8, 30, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xffff, 0x10000,
	0x12345678, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
}

// word is often an edge.
func (r random) word() uint32 {
	if r.IntN(3) > 0 {
		return edges[r.IntN(len(edges))]
	}
	return r.Uint32()
}

func (r random) data() Data {
	d := Data{Nr: r.word(), Arch: Arch(r.word()), InstructionPointer: r.Uint64()}
	for i := range d.Args {
		d.Args[i] = uint64(r.word())<<32 | uint64(r.word())
	}
	return d
}

// chain returns a program of n instructions that searches for a number as libseccomp's
// programs without a tree do. It allows all numbers.
func chain(t testing.TB, n int) Program {
	t.Helper()
	var a Assembler
	a.Load(OffsetArch)
	a.If(Equal, uint32(ArchX86_64), Next, "kill")
	a.Load(OffsetNr)
	for nr := range uint32((n - 5) / 2) {
		a.If(Equal, nr, Next, Label(rune(nr+1)))
		a.Return(Allow)
		a.Mark(Label(rune(nr + 1)))
	}
	a.Return(ErrnoOf(38))
	a.Mark("kill")
	a.Return(KillProcess)
	p, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
