package check_test

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

const (
	lt = specs.OpLessThan
	le = specs.OpLessEqual
	eq = specs.OpEqualTo
	ne = specs.OpNotEqual
	ge = specs.OpGreaterEqual
	gt = specs.OpGreaterThan
	me = specs.OpMaskedEqual
)

// A rule allows write if its conditions hold.
type rule []specs.LinuxSeccompArg

func when(arg uint, op specs.LinuxSeccompOperator, value uint64, valueTwo ...uint64) specs.LinuxSeccompArg {
	c := specs.LinuxSeccompArg{Index: arg, Op: op, Value: value}
	if len(valueTwo) > 0 {
		c.ValueTwo = valueTwo[0]
	}
	return c
}

func allowWrite(rules ...rule) *specs.LinuxSeccomp {
	spec := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	for _, r := range rules {
		spec.Syscalls = append(spec.Syscalls, specs.LinuxSyscall{Names: []string{"write"}, Action: specs.ActAllow, Args: r})
	}
	return spec
}

// writeOnly is a program for allowWrite on x86_64. body decides write: it goes to "yes" or
// "no".
func writeOnly(t *testing.T, body func(a *bpf.Assembler)) bpf.Program {
	t.Helper()
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	a.If(bpf.Equal, uint32(bpf.ArchX86_64), bpf.Next, "kill")
	a.Load(bpf.OffsetNr)
	a.If(bpf.Equal, 0xffffffff, "new", bpf.Next)
	a.If(bpf.GreaterOrEqual, bpf.X32Bit, "kill", bpf.Next)
	a.If(bpf.Greater, 1, "new", bpf.Next)
	a.If(bpf.Equal, 1, bpf.Next, "no")
	body(&a)
	a.Mark("yes")
	a.Return(bpf.Allow)
	a.Mark("no")
	a.Return(bpf.ErrnoOf(1))
	a.Mark("new")
	a.Return(bpf.ErrnoOf(38))
	a.Mark("kill")
	a.Return(bpf.KillThread)
	return assembled(t, &a)
}

func assembled(t testing.TB, a *bpf.Assembler) bpf.Program {
	t.Helper()
	p, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// test is the body of a comparison.
func test(a *bpf.Assembler, offset uint32, by bpf.Condition, k uint32, yes, no bpf.Label) {
	a.Load(offset)
	a.If(by, k, yes, no)
}

const (
	tooWeak   = "too weak"
	tooStrict = "too strict"
	exact     = ""
)

func TestArguments(t *testing.T) {
	high, low := bpf.ArgHigh, bpf.ArgLow
	for _, row := range []struct {
		fact    string
		rules   []rule
		program func(a *bpf.Assembler)
		want    string
	}{
		{"equality", []rule{{when(1, eq, 5)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 5, bpf.Next, "no")
			test(a, high(1), bpf.Equal, 0, "yes", "no")
		}, exact},
		{"a constant is one more", []rule{{when(1, le, 5)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Equal, 0, bpf.Next, "no")
			test(a, low(1), bpf.Greater, 6, "no", "yes")
		}, tooWeak},
		{"a constant is one less", []rule{{when(1, le, 5)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Equal, 0, bpf.Next, "no")
			test(a, low(1), bpf.Greater, 4, "no", "yes")
		}, tooStrict},
		{"the upper half is not looked at", []rule{{when(1, eq, 5)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 5, "yes", "no")
		}, tooWeak},
		{"one bit of the upper half is not looked at", []rule{{when(1, eq, 5)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 5, bpf.Next, "no")
			test(a, high(1), bpf.AnyBit, 0xffffffef, "no", "yes")
		}, tooWeak},
		{"all bits of the upper half are looked at", []rule{{when(1, eq, 5)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 5, bpf.Next, "no")
			test(a, high(1), bpf.AnyBit, 0xfffffff0, "no", bpf.Next)
			test(a, high(1), bpf.AnyBit, 0xf, "no", "yes")
		}, exact},
		{"another argument", []rule{{when(1, eq, 0)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 0, bpf.Next, "no")
			test(a, high(2), bpf.Equal, 0, "yes", "no")
		}, tooWeak},
		{"the halves are exchanged", []rule{{when(1, gt, 0xffff_ffff)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 0, "no", "yes")
		}, tooStrict}, // for 1<<32, and too weak for 1
		{"> instead of >=", []rule{{when(1, ge, 1<<32)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Greater, 1, "yes", "no")
		}, tooStrict},
		{"more than 32 bits hold", []rule{{when(1, gt, 0xffff_ffff)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.GreaterOrEqual, 1, "yes", "no")
		}, exact},
		{"at least 1<<32 is the same", []rule{{when(1, ge, 1<<32)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Equal, 0, "no", "yes")
		}, exact},
		{"a mask is a limit", []rule{{when(0, me, ^uint64(0xff), 0)}}, func(a *bpf.Assembler) {
			test(a, high(0), bpf.Equal, 0, bpf.Next, "no")
			test(a, low(0), bpf.Greater, 255, "no", "yes")
		}, exact},
		{"a limit is not a mask", []rule{{when(0, le, 254)}}, func(a *bpf.Assembler) {
			test(a, high(0), bpf.Equal, 0, bpf.Next, "no")
			test(a, low(0), bpf.AnyBit, 0xffffff00, "no", "yes")
		}, tooWeak},
		{"a bit", []rule{{when(0, me, 4, 4)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.AnyBit, 4, "yes", "no")
		}, exact},
		{"any of two bits is not both", []rule{{when(0, me, 5, 5)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.AnyBit, 5, "yes", "no")
		}, tooWeak},
		{"a bit of the mask is missing", []rule{{when(0, me, 0x7e02_0000, 0)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.AnyBit, 0x7e00_0000, "no", "yes")
		}, tooWeak},
		{"a bit of the mask is too much", []rule{{when(0, me, 0x7e02_0000, 0)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.AnyBit, 0x7e02_0001, "no", "yes")
		}, tooStrict},
		{"bits outside of the mask do not count", []rule{{when(0, me, 6, 0xf2)}}, func(a *bpf.Assembler) {
			a.Load(low(0))
			a.And(6)
			a.If(bpf.Equal, 2, "yes", "no")
		}, exact},
		{"a condition on nothing", []rule{{when(0, me, 0, 7)}}, func(a *bpf.Assembler) { a.Goto("yes") }, exact},
		{"values of masks one by one", []rule{{when(0, me, 3, 0)}, {when(0, me, 3, 1)}, {when(0, me, 3, 2)}}, func(a *bpf.Assembler) {
			a.Load(low(0))
			a.And(3)
			a.If(bpf.Equal, 3, "no", "yes")
		}, exact},
		{"rules that leave nothing out", []rule{{when(0, ne, 7)}, {when(0, ne, 8)}}, func(a *bpf.Assembler) { a.Goto("yes") }, exact},
		{"rules that leave one value out", []rule{{when(0, lt, 1<<40)}, {when(0, gt, 1<<40)}}, func(a *bpf.Assembler) { a.Goto("yes") }, tooWeak},
		{"and the program too", []rule{{when(0, lt, 1<<40)}, {when(0, gt, 1<<40)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.Equal, 0, bpf.Next, "yes")
			test(a, high(0), bpf.Equal, 1<<8, "no", "yes")
		}, exact},
		{"two arguments, the other one first", []rule{{when(0, eq, 1), when(1, eq, 2)}}, func(a *bpf.Assembler) {
			test(a, low(1), bpf.Equal, 2, bpf.Next, "no")
			test(a, low(0), bpf.Equal, 1, bpf.Next, "no")
			test(a, high(1), bpf.Equal, 0, bpf.Next, "no")
			test(a, high(0), bpf.Equal, 0, "yes", "no")
		}, exact},
		{"one of two arguments", []rule{{when(0, eq, 1), when(1, eq, 2)}}, func(a *bpf.Assembler) {
			test(a, low(0), bpf.Equal, 1, bpf.Next, "no")
			test(a, high(0), bpf.Equal, 0, "yes", "no")
		}, tooWeak},
		{"the place of the call", []rule{{}}, func(a *bpf.Assembler) {
			test(a, high(0)-8, bpf.Equal, 0x7fff, "no", "yes")
		}, tooStrict},
		{"libseccomp 2.5.4 takes 0xffffffff for one of these", []rule{{when(1, le, 0)}, {when(1, gt, 0xffff_ffff_0000_0000)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Greater, 0, "second", bpf.Next)
			a.If(bpf.Equal, 0, bpf.Next, "yes")
			test(a, low(1), bpf.Greater, 0, bpf.Next, "yes")
			a.Mark("second") // where A is not always the upper half
			a.If(bpf.Greater, 0xffffffff, "yes", bpf.Next)
			a.If(bpf.Equal, 0xffffffff, bpf.Next, "no")
			test(a, low(1), bpf.Greater, 0, "yes", "no")
		}, tooWeak},
		{"it means these", []rule{{when(1, le, 0)}, {when(1, gt, 0xffff_ffff_0000_0000)}}, func(a *bpf.Assembler) {
			test(a, high(1), bpf.Equal, 0, bpf.Next, "second")
			test(a, low(1), bpf.Greater, 0, "no", "yes")
			a.Mark("second")
			a.If(bpf.Equal, 0xffffffff, bpf.Next, "no")
			test(a, low(1), bpf.Greater, 0, "yes", "no")
		}, exact},
	} {
		t.Run(row.fact, func(t *testing.T) {
			m := meaningOf(t, allowWrite(row.rules...), x8664)
			p := writeOnly(t, row.program)
			found := compare(t, p, m)
			checkReal(t, p, m, found)
			got := exact
			for _, d := range found {
				if d.Call.Nr != 1 || d.Call.Arch != bpf.ArchX86_64 {
					t.Errorf("another call: %s", d)
				}
				if got = tooStrict; d.Program == bpf.Allow {
					got = tooWeak
				}
			}
			if got != row.want {
				t.Errorf("%q, want %q: %v\n%s", got, row.want, found, p)
			}
		})
	}
}
