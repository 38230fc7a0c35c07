package bpf

import "testing"

// Each row has the result of a program, which Run and the kernel must return.
var runFacts = []struct {
	fact string
	code []Instruction
	want uint32
}{
	{"A starts as 0", []Instruction{ret}, 0},
	{"X starts as 0", []Instruction{{Code: Txa}, ret}, 0},
	{"RET K returns K and not A", []Instruction{ld(7), {Code: RetK, K: 0x89abcdef}}, 0x89abcdef},
	{"RET A returns A and not K", []Instruction{ld(7), {Code: RetA, K: 9}}, 7},
	{"TAX copies A to X", []Instruction{ldx(7), ld(42), {Code: Tax}, ld(1), {Code: Txa}, ret}, 42},
	{"TAX keeps A", []Instruction{ldx(7), ld(42), {Code: Tax}, ret}, 42},
	{"TXA copies X to A", []Instruction{ldx(7), ld(42), {Code: Txa}, ret}, 7},
	{"TXA keeps X", []Instruction{ldx(7), {Code: Txa}, ld(1), {Code: AddX}, ret}, 8},
	{"LD LEN is the size of seccomp_data", []Instruction{{Code: LdLen, K: 5}, ret}, 64},
	{"LDX LEN is the size of seccomp_data", []Instruction{{Code: LdxLen, K: 5}, {Code: Txa}, ret}, 64},
	{"ST and LD MEM use the cell K", []Instruction{ld(3), {Code: St, K: 15}, ld(4), {Code: St, K: 0}, {Code: LdMem, K: 15}, ret}, 3},
	{"STX stores X", []Instruction{ld(3), ldx(4), {Code: Stx, K: 1}, {Code: LdMem, K: 1}, ret}, 4},
	{"LDX MEM loads X", []Instruction{ld(3), {Code: St, K: 1}, ld(9), {Code: LdxMem, K: 1}, {Code: Txa}, ret}, 3},
	{"NEG negates modulo 2^32", []Instruction{ld(1), {Code: Neg, K: 5}, ret}, 0xffffffff},
	{"NEG of the smallest int is itself", []Instruction{ld(0x80000000), {Code: Neg}, ret}, 0x80000000},
	{"division by an X of 0 ends the program with 0", []Instruction{ld(9), {Code: DivX}, {Code: RetK, K: 5}}, 0},
	{"division is unsigned", []Instruction{ld(0xfffffffe), {Code: DivK, K: 0xffffffff}, ret}, 0},
	{"LSH by an X of 32 shifts by 0", []Instruction{ld(3), ldx(32), {Code: LshX}, ret}, 3},
	{"RSH by an X of 33 shifts by 1", []Instruction{ld(6), ldx(33), {Code: RshX}, ret}, 3},
	{"RSH brings in zeros", []Instruction{ld(0x80000000), {Code: RshK, K: 31}, ret}, 1},
	{"JGT is unsigned", []Instruction{ld(0x80000000), {Code: JgtK, K: 1, Jt: 1}, {Code: RetK, K: 5}, {Code: RetK, K: 6}}, 6},
	{"JGE with a K that is negative as int", []Instruction{ld(1), {Code: JgeK, K: 0xffffffff, Jt: 1}, {Code: RetK, K: 5}, {Code: RetK, K: 6}}, 5},
	{"JA skips K instructions", []Instruction{{Code: Ja, K: 2}, ld(1), ret, {Code: RetK, K: 5}}, 5},
	{"unused jt and jf mean nothing", []Instruction{{Code: LdImm, Jt: 9, Jf: 9, K: 3}, {Code: RetA, Jt: 9, Jf: 9}}, 3},
	{"nr is the number's bit pattern", []Instruction{{Code: LdAbs, K: OffsetNr}, ret}, 0xfffffffe},
	{"lower half of argument 0", []Instruction{{Code: LdAbs, K: ArgLow(0)}, ret}, 0x22222222},
	{"upper half of argument 0", []Instruction{{Code: LdAbs, K: ArgHigh(0)}, ret}, 0x11111111},
	{"lower half of argument 1", []Instruction{{Code: LdAbs, K: ArgLow(1)}, ret}, 0x44444444},
	{"upper half of argument 3", []Instruction{{Code: LdAbs, K: ArgHigh(3)}, ret}, 0xffffffff},
}

func TestRun(t *testing.T) {
	data := Data{Nr: 0xfffffffe, Args: [6]uint64{0x1111111122222222, 0x3333333344444444, 0, ^uint64(0)}}
	for _, tt := range runFacts {
		t.Run(tt.fact, func(t *testing.T) {
			p := mustNew(t, tt.code...)
			if got := uint32(p.Run(data)); got != tt.want {
				t.Errorf("Run = %#x, want %#x", got, tt.want)
			}
			if got := kernel(t).run(t, p, data)[0]; got != tt.want {
				t.Errorf("kernel = %#x, want %#x", got, tt.want)
			}
		})
	}
}

func ld(k uint32) Instruction  { return Instruction{Code: LdImm, K: k} }
func ldx(k uint32) Instruction { return Instruction{Code: LdxImm, K: k} }

func TestRunOfZeroProgramKillsProcess(t *testing.T) {
	if got := (Program{}).Run(Data{}); got != KillProcess {
		t.Errorf("Run = %v, want %v", got, KillProcess)
	}
}

// A division by 0 ends the program, and the kernel kills the thread. The probe would turn a
// returned 0 into success.
func TestDivisionByZeroKillsThread(t *testing.T) {
	o := kernel(t)
	p := mustNew(t, Instruction{Code: DivX}, Instruction{Code: RetK, K: 5})
	got := o.outcomes(t, probe(t, p), []Call{{Args: probed(Data{}, 0).Args}})
	if !got[0].Died {
		t.Errorf("kernel: outcome %+v, want death", got[0])
	}
	if got := p.Run(Data{}); got != KillThread {
		t.Errorf("Run = %v, want %v", got, KillThread)
	}
}

// Random programs on random data.
func TestRunAgreesWithKernel(t *testing.T) {
	o := kernel(t)
	r := newRandom(1)
	for range 300 {
		p := generate(t, r.bytes(8*(1+r.IntN(60))), allOpcodes)
		data := make([]Data, 8)
		for i := range data {
			data[i] = r.data()
		}
		compareWithKernel(t, o, p, data)
	}
}

func compareWithKernel(t *testing.T, o *oracle, p Program, data []Data) {
	t.Helper()
	for i, got := range o.run(t, p, data...) {
		if want := o.predict(t, p, data[i]); got != want {
			t.Fatalf("for %+v\nkernel = %#x\nRun    = %#x\n%v", data[i], got, want, p)
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	p := chain(t, 1000)
	if n := testing.AllocsPerRun(10, func() { p.Run(Data{Nr: 7}) }); n != 0 {
		t.Errorf("Run allocates %v times", n)
	}
}
