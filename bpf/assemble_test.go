package bpf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A branch leads to its labels at every distance around the reach of a conditional jump,
// for one of its two targets and for both.
func TestIfReachesEveryDistance(t *testing.T) {
	distances := []int{0, 1, 2, 252, 253, 254, 255, 256, 257, 258, 1000, 4000}
	for _, yes := range distances {
		for _, no := range distances {
			t.Run(fmt.Sprintf("yes %d no %d", yes, no), func(t *testing.T) {
				var a Assembler
				a.Load(OffsetNr)
				a.If(Equal, 7, "yes", "no")
				for i := range max(yes, no) + 1 { // instruction i is passed over by a jump of i
					if i == yes {
						a.Mark("yes")
					}
					if i == no {
						a.Mark("no")
					}
					a.Return(Action(i))
				}
				p := assembled(t, &a)
				if got := p.Run(Data{Nr: 7}); got != Action(yes) {
					t.Errorf("yes leads to %d, want %d", uint32(got), yes)
				}
				if got := p.Run(Data{Nr: 8}); got != Action(no) {
					t.Errorf("no leads to %d, want %d", uint32(got), no)
				}
				if want := max(yes, no) + 3 + detours(yes, no); p.Len() != want {
					t.Errorf("Len = %d, want %d", p.Len(), want)
				}
			})
		}
	}
}

// detours returns how many targets need a BPF_JA. The BPF_JA of one makes the distance of
// the other longer by one.
func detours(yes, no int) int {
	switch far, near := max(yes, no), min(yes, no); {
	case far <= 255:
		return 0
	case near <= 254:
		return 1
	default:
		return 2
	}
}

func TestConditionsCompareUnsigned(t *testing.T) {
	for _, tt := range []struct {
		c     Condition
		holds func(a, k uint32) bool
	}{
		{Equal, func(a, k uint32) bool { return a == k }},
		{Greater, func(a, k uint32) bool { return a > k }},
		{GreaterOrEqual, func(a, k uint32) bool { return a >= k }},
		{AnyBit, func(a, k uint32) bool { return a&k != 0 }},
	} {
		for _, x := range edges {
			for _, k := range edges {
				var a Assembler
				a.Load(ArgHigh(5))
				a.If(tt.c, k, Next, "no")
				a.Return(Allow)
				a.Mark("no")
				a.Return(Trap)
				got := assembled(t, &a).Run(Data{Args: [argCount]uint64{5: uint64(x)<<32 | 0x99}}) == Allow
				if want := tt.holds(x, k); got != want {
					t.Errorf("condition %#x of %#x and %#x holds: %t, want %t", uint16(tt.c), x, k, got, want)
				}
			}
		}
	}
}

func TestAndMasks(t *testing.T) {
	var a Assembler
	a.Load(ArgLow(0))
	a.And(0xff00)
	a.If(Equal, 0x3400, Next, "no")
	a.Return(Allow)
	a.Mark("no")
	a.Return(Trap)
	p := assembled(t, &a)
	for arg, want := range map[uint64]Action{0x123456: Allow, 0x3400: Allow, 0x123556: Trap, 0: Trap} {
		if got := p.Run(Data{Args: [argCount]uint64{arg}}); got != want {
			t.Errorf("%#x: Run = %v, want %v", arg, got, want)
		}
	}
}

func TestAppendedProgramKeepsItsMeaning(t *testing.T) {
	padding := chain(t, 2000)
	var a Assembler
	a.Load(OffsetNr)
	a.If(Equal, 0xffffffff, "end", Next)
	a.Append(padding)
	a.Mark("end")
	a.Return(Trap)
	p := assembled(t, &a)
	if got := p.Run(Data{Nr: 0xffffffff}); got != Trap {
		t.Errorf("jump over the appended program: Run = %v, want %v", got, Trap)
	}
	for _, d := range []Data{{Arch: ArchI386}, {Arch: ArchX86_64, Nr: 500}, {Arch: ArchX86_64, Nr: 5000}} {
		if got, want := p.Run(d), padding.Run(d); got != want {
			t.Errorf("%+v: Run = %v, want %v", d, got, want)
		}
	}
	if got := p.Instructions()[3:]; !slices.Equal(got[:padding.Len()], padding.Instructions()) {
		t.Error("the appended instructions have changed")
	}
}

func TestGotoSkips(t *testing.T) {
	var a Assembler
	a.Goto(Next)
	a.Goto("over")
	for range 3000 {
		a.Return(Trap)
	}
	a.Mark("over")
	a.Mark("again") // two labels for one instruction
	a.Return(Allow)
	if got := assembled(t, &a).Run(Data{}); got != Allow {
		t.Errorf("Run = %v, want %v", got, Allow)
	}
}

func TestAssemblerRefuses(t *testing.T) {
	for _, tt := range []struct {
		fact  string
		build func(a *Assembler)
		want  Fault
		label string
	}{
		{"a label without a mark", func(a *Assembler) { a.Goto("nowhere"); a.Return(Allow) }, ErrLabelUnset, `"nowhere"`},
		{"two jumps to a label without a mark", func(a *Assembler) { a.If(Equal, 1, "x", "x"); a.Goto("x") }, ErrLabelUnset, `"x"`},
		{"yes without a mark", func(a *Assembler) { a.If(Equal, 1, "x", Next); a.Return(Allow) }, ErrLabelUnset, `"x"`},
		{"no without a mark", func(a *Assembler) { a.If(Equal, 1, Next, "x"); a.Return(Allow) }, ErrLabelUnset, `"x"`},
		{"a backward jump", func(a *Assembler) { a.Mark("loop"); a.Goto("loop"); a.Return(Allow) }, ErrBackward, `"loop"`},
		{"a backward branch", func(a *Assembler) { a.Mark("loop"); a.If(Equal, 1, Next, "loop"); a.Return(Allow) }, ErrBackward, `"loop"`},
		{"a label marked twice", func(a *Assembler) { a.Mark("l"); a.Return(Allow); a.Mark("l"); a.Return(Allow) }, ErrLabelTwice, `"l"`},
		{"a label marked three times", func(a *Assembler) { a.Mark("l"); a.Mark("l"); a.Mark("l"); a.Return(Allow) }, ErrLabelTwice, `"l"`},
		{"a mark of Next", func(a *Assembler) { a.Mark(Next); a.Return(Allow) }, ErrLabelNext, `""`},
		{"a label behind the end", func(a *Assembler) { a.Goto("end"); a.Return(Allow); a.Mark("end") }, ErrJump, ""},
		{"no return at the end", func(a *Assembler) { a.Load(OffsetNr) }, ErrNoReturn, ""},
		{"a load behind the data", func(a *Assembler) { a.Load(ArgLow(6)); a.Return(Allow) }, ErrLoad, ""},
		{"a condition that is none", func(a *Assembler) { a.If(0x95, 1, Next, Next); a.Return(Allow) }, ErrOpcode, ""},
	} {
		t.Run(tt.fact, func(t *testing.T) {
			var a Assembler
			tt.build(&a)
			_, err := a.Program()
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.label) {
				t.Errorf("Program: %v, want %v with label %s", err, tt.want, tt.label)
			}
		})
	}
	var empty, long Assembler
	for range MaxInstructions + 1 {
		long.Return(Allow)
	}
	for _, a := range []*Assembler{&empty, &long} {
		var length *LengthError
		if _, err := a.Program(); !errors.As(err, &length) {
			t.Errorf("Program: %v, want a LengthError", err)
		}
	}
}

// The program of a random script returns what reading the script finds.
func TestAssemblerKeepsTheScriptsMeaning(t *testing.T) {
	r := newRandom(6)
	returned, withDetours := map[Action]bool{}, 0
	for range 200 {
		a := randomScript(r)
		p := assembled(t, &a)
		if again := assembled(t, &a); !again.Equal(p) {
			t.Fatal("the same script gives two programs")
		}
		withDetours += p.Len() - len(slices.DeleteFunc(slices.Clone(a.items), func(it item) bool { return it.itemType == mark }))
		for range 20 {
			d := Data{Nr: uint32(r.IntN(4))}
			got, want := p.Run(d), read(a, d)
			if got != want {
				t.Fatalf("nr %d: Run = %d, script = %d\n%v", d.Nr, uint32(got), uint32(want), p)
			}
			returned[got] = true
		}
	}
	if len(returned) != places+1 || withDetours == 0 {
		t.Errorf("%d of %d places were returned from, over %d detours", len(returned), places+1, withDetours)
	}
}

const places = 30

// randomScript jumps forward through about 2000 instructions. Each return returns its own
// index.
func randomScript(r random) (a Assembler) {
	label := func(after int) Label { return Label(fmt.Sprint(after + 1 + r.IntN(places-after))) }
	a.Load(OffsetNr)
	for i := range places {
		for range r.IntN(130) {
			a.And(0xffff)
		}
		switch r.IntN(8) {
		case 0:
			a.Return(Action(i))
		case 1:
			a.Goto(label(i))
		case 2:
			a.If(Equal, uint32(r.IntN(4)), label(i), Next)
		case 3:
			a.If(Greater, uint32(r.IntN(4)), Next, label(i))
		default:
			a.If(Equal, uint32(r.IntN(4)), label(i), label(i))
		}
		a.Mark(Label(fmt.Sprint(i + 1)))
	}
	a.Return(places)
	return a
}

// read follows a's script with nr in A.
func read(a Assembler, d Data) Action {
	next := func(i int, l Label) int {
		if l == Next {
			return i
		}
		return i + slices.IndexFunc(a.items[i:], func(it item) bool { return it.itemType == mark && it.yes == l })
	}
	for i := 0; ; i++ {
		switch it := a.items[i]; it.itemType {
		case jump:
			i = next(i, it.yes)
		case branch:
			test := it.code[0]
			if holds := test.Code == JeqK && d.Nr == test.K || test.Code == JgtK && d.Nr > test.K; holds {
				i = next(i, it.yes)
			} else {
				i = next(i, it.no)
			}
		case block:
			if it.code[0].Code == RetK {
				return Action(it.code[0].K)
			}
		}
	}
}

func assembled(t testing.TB, a *Assembler) Program {
	t.Helper()
	p, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
