package bpf

import "testing"

// Each operator computes what Go's does, for every pair of edges, with the operand in X
// and, if New allows it, in K.
func TestArithmetic(t *testing.T) {
	always := func(uint32) bool { return true }
	for _, tt := range []struct {
		name string
		k, x uint16
		want func(a, b uint32) uint32
		inK  func(b uint32) bool // b may be a constant
	}{
		{"add", AddK, AddX, func(a, b uint32) uint32 { return a + b }, always},
		{"sub", SubK, SubX, func(a, b uint32) uint32 { return a - b }, always},
		{"mul", MulK, MulX, func(a, b uint32) uint32 { return a * b }, always},
		{"div", DivK, DivX, quotient, func(b uint32) bool { return b != 0 }},
		{"and", AndK, AndX, func(a, b uint32) uint32 { return a & b }, always},
		{"or", OrK, OrX, func(a, b uint32) uint32 { return a | b }, always},
		{"xor", XorK, XorX, func(a, b uint32) uint32 { return a ^ b }, always},
		{"lsh", LshK, LshX, func(a, b uint32) uint32 { return a << (b % 32) }, func(b uint32) bool { return b < 32 }},
		{"rsh", RshK, RshX, func(a, b uint32) uint32 { return a >> (b % 32) }, func(b uint32) bool { return b < 32 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testOperator(t, tt.want, tt.inK,
				func(b uint32) []Instruction { return []Instruction{{Code: tt.k, K: b}, {Code: RetA}} },
				[]Instruction{{Code: tt.x}, {Code: RetA}})
		})
	}
}

// quotient is 0 where BPF ends the program with 0.
func quotient(a, b uint32) uint32 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Each comparison has the result of Go's, for unsigned numbers.
func TestComparisons(t *testing.T) {
	always := func(uint32) bool { return true }
	for _, tt := range []struct {
		name string
		k, x uint16
		want func(a, b uint32) bool
	}{
		{"jeq", JeqK, JeqX, func(a, b uint32) bool { return a == b }},
		{"jgt", JgtK, JgtX, func(a, b uint32) bool { return a > b }},
		{"jge", JgeK, JgeX, func(a, b uint32) bool { return a >= b }},
		{"jset", JsetK, JsetX, func(a, b uint32) bool { return a&b != 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			decide := func(test Instruction) []Instruction {
				test.Jt, test.Jf = 1, 0
				return []Instruction{test, {Code: RetK, K: 10}, {Code: RetK, K: 11}}
			}
			want := func(a, b uint32) uint32 {
				if tt.want(a, b) {
					return 11
				}
				return 10
			}
			testOperator(t, want, always,
				func(b uint32) []Instruction { return decide(Instruction{Code: tt.k, K: b}) },
				decide(Instruction{Code: tt.x}))
		})
	}
}

// testOperator runs withK(b) with a in A, and withX with a in A and b in X.
func testOperator(t *testing.T, want func(a, b uint32) uint32, inK func(uint32) bool,
	withK func(b uint32) []Instruction, withX []Instruction) {
	t.Helper()
	loadA := Instruction{Code: LdAbs, K: ArgLow(0)}
	inX := append([]Instruction{{Code: LdAbs, K: ArgLow(1)}, {Code: Tax}, loadA}, withX...)
	var all []experiment
	for _, b := range edges {
		e := experiment{program: mustNew(t, inX...)}
		for _, a := range edges {
			e.data = append(e.data, Data{Args: [argCount]uint64{uint64(a), uint64(b)}})
			e.want = append(e.want, want(a, b))
		}
		all = append(all, e)
		if inK(b) {
			e.program = mustNew(t, append([]Instruction{loadA}, withK(b)...)...)
			all = append(all, e)
		}
	}
	t.Run("Run", func(t *testing.T) {
		for _, e := range all {
			for i, d := range e.data {
				e.compare(t, i, uint32(e.program.Run(d)))
			}
		}
	})
	t.Run("kernel", func(t *testing.T) {
		for _, e := range all {
			for i, got := range kernel(t).run(t, e.program, e.data...) {
				e.compare(t, i, got)
			}
		}
	})
}

// An experiment is a program and the words that it must return.
type experiment struct {
	program Program
	data    []Data
	want    []uint32
}

func (e experiment) compare(t *testing.T, i int, got uint32) {
	t.Helper()
	if got != e.want[i] {
		t.Errorf("A = %#x, operand %#x: got %#x, want %#x\n%v",
			e.data[i].Args[0], e.data[i].Args[1], got, e.want[i], e.program)
	}
}
