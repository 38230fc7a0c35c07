package check_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Programs that differ from the meaning in one place: in architectures, numbers or
// actions.
func TestSyscalls(t *testing.T) {
	allow := allowWrite(rule{})
	x86Arg := allowWrite(rule{when(0, eq, 5)})
	const x86Nr, x32Nr = 4, bpf.X32Bit | 1
	type call struct {
		arch bpf.Arch
		nr   uint32
	}
	for _, row := range []struct {
		fact    string
		profile *specs.LinuxSeccomp
		abis    []*meaning.ABI
		program func(a *bpf.Assembler)
		want    []call
	}{
		{"as meant", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, x86Nr, bpf.Equal, x86Nr) }, nil},
		{"the wrong number", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, x86Nr, bpf.Equal, 3) },
			[]call{{bpf.ArchI386, 3}, {bpf.ArchI386, x86Nr}}},
		{"numbers from one on", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, x86Nr, bpf.GreaterOrEqual, 3) },
			[]call{{bpf.ArchI386, 3}}},
		{"a bit of the number", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, x86Nr, bpf.AnyBit, 4) }, nil},
		{"a bit that is not of this number alone", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, 5, bpf.AnyBit, 4) },
			[]call{{bpf.ArchI386, 5}}},
		{"the highest number is one too low", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { onX86(a, 3, bpf.Equal, x86Nr) },
			[]call{{bpf.ArchI386, x86Nr}}},
		{"another architecture is let through", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchARM), "allow", bpf.Next)
			onX86(a, x86Nr, bpf.Equal, x86Nr)
		}, []call{{bpf.ArchARM, 0}}},
		{"the architecture is not looked at", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) { x86Numbers(a, x86Nr, bpf.Equal, x86Nr) },
			[]call{{0, 0}, {0, x86Nr}, {0, x86Nr + 1}, {bpf.ArchI386 + 1, 0}, {bpf.ArchI386 + 1, x86Nr}, {bpf.ArchI386 + 1, x86Nr + 1}}},
		{"one number of another architecture is let through", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetNr, bpf.Equal, 0xdead_beef, bpf.Next, "x86")
			test(a, bpf.OffsetArch, bpf.Equal, 0x0bad_f00d, "allow", bpf.Next)
			a.Mark("x86")
			onX86(a, x86Nr, bpf.Equal, x86Nr)
		}, []call{{0x0bad_f00d, 0xdead_beef}}},
		{"lower halves of x86", x86Arg, []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.Greater, x86Nr, "new", bpf.Next)
			a.If(bpf.Equal, x86Nr, bpf.Next, "refuse")
			test(a, bpf.ArgLow(0), bpf.Equal, 5, "allow", "refuse")
		}, nil},
		{"upper halves of x86, which the call ignores", x86Arg, []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.Greater, x86Nr, "new", bpf.Next)
			a.If(bpf.Equal, x86Nr, bpf.Next, "refuse")
			test(a, bpf.ArgLow(0), bpf.Equal, 5, bpf.Next, "refuse")
			test(a, bpf.ArgHigh(0), bpf.Equal, 0, "allow", "refuse")
		}, []call{{bpf.ArchI386, x86Nr}}},
		{"an operand that no argument of x86 has", allowWrite(rule{when(0, eq, 1<<32|5)}), []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.Greater, x86Nr, "new", "refuse")
		}, nil},
		{"its lower half", allowWrite(rule{when(0, eq, 1<<32|5)}), []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.Greater, x86Nr, "new", bpf.Next)
			a.If(bpf.Equal, x86Nr, bpf.Next, "refuse")
			test(a, bpf.ArgLow(0), bpf.Equal, 5, "allow", "refuse")
		}, []call{{bpf.ArchI386, x86Nr}}},
		{"upper halves of another architecture's calls are not", allow, []*meaning.ABI{x86}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchARM), bpf.Next, "x86")
			test(a, bpf.ArgHigh(5), bpf.Equal, 1<<31, "allow", "kill")
			a.Mark("x86")
			onX86(a, x86Nr, bpf.Equal, x86Nr)
		}, []call{{bpf.ArchARM, 0}}},
		{"upper halves of x32 are not", x86Arg, []*meaning.ABI{x32}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchX86_64), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.Equal, 0xffff_ffff, "kill", bpf.Next)
			a.If(bpf.GreaterOrEqual, bpf.X32Bit, bpf.Next, "kill")
			a.If(bpf.Greater, x32Nr, "new", bpf.Next)
			a.If(bpf.Equal, x32Nr, bpf.Next, "refuse")
			test(a, bpf.ArgLow(0), bpf.Equal, 5, "allow", "refuse")
		}, []call{{bpf.ArchX86_64, x32Nr}}},
		{"x32 by its bit", allow, []*meaning.ABI{x8664}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchX86_64), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.AnyBit, bpf.X32Bit, "kill", bpf.Next)
			a.If(bpf.Greater, 1, "new", bpf.Next)
			a.If(bpf.Equal, 1, "allow", "refuse")
		}, []call{{bpf.ArchX86_64, 0x8000_0000}, {bpf.ArchX86_64, 0xffff_ffff}}},
		{"what a tracer skips is taken for x32", allow, []*meaning.ABI{x8664}, func(a *bpf.Assembler) {
			test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchX86_64), bpf.Next, "kill")
			test(a, bpf.OffsetNr, bpf.GreaterOrEqual, bpf.X32Bit, "kill", bpf.Next)
			a.If(bpf.Greater, 1, "new", bpf.Next)
			a.If(bpf.Equal, 1, "allow", "refuse")
		}, []call{{bpf.ArchX86_64, 0xffff_ffff}}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			var a bpf.Assembler
			row.program(&a)
			for label, action := range map[bpf.Label]bpf.Action{"allow": bpf.Allow, "refuse": bpf.ErrnoOf(1), "new": bpf.ErrnoOf(38), "kill": bpf.KillThread} {
				a.Mark(label)
				a.Return(action)
			}
			p, m := assembled(t, &a), meaningOf(t, row.profile, row.abis...)
			found := compare(t, p, m)
			checkReal(t, p, m, found)
			var got []call
			for _, d := range found {
				got = append(got, call{d.Call.Arch, d.Call.Nr})
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("found %v\n%s", found, p)
			}
		})
	}
}

// Numbers without a syscall count too: that of a rule, the one after it, and the first new
// one. Each program differs for one of them.
func TestNumbersWithoutNames(t *testing.T) {
	const ruled, highest = 7, 9
	m := &meaning.Meaning{Default: bpf.ErrnoOf(1), Newer: bpf.ErrnoOf(38), ABIs: []*meaning.ABIRules{{
		ABI:     &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386},
		Rules:   map[uint32][]meaning.Rule{ruled: {{Action: bpf.Allow}}},
		Highest: highest,
	}}}
	right, err := emit(m, style{})
	if err != nil {
		t.Fatal(err)
	}
	if found := compare(t, right, m); len(found) > 0 {
		t.Fatal(found)
	}
	for _, nr := range []uint32{0, ruled - 1, ruled, ruled + 1, highest, highest + 1, 0x8000_0000} {
		var a bpf.Assembler
		test(&a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "right")
		test(&a, bpf.OffsetNr, bpf.Equal, nr, bpf.Next, "right")
		a.Return(bpf.Trap)
		a.Mark("right")
		a.Append(right)
		found := compare(t, assembled(t, &a), m)
		if len(found) != 1 || found[0].Call.Nr != nr {
			t.Errorf("number %#x: found %v", nr, found)
		}
	}
}

// A profile decides all numbers of a class alike. Otherwise a program that is found equal
// could decide some number differently.
func TestProfilesSayTheSameOfNeighbours(t *testing.T) {
	r := rand.NewChaCha8([32]byte{6})
	for range 300 {
		profile := make([]byte, 150)
		r.Read(profile)
		c := seccomptest.Choices(profile)
		m := chosenMeaning(t, &c)
		p, err := emit(m, style{})
		if err != nil {
			t.Fatal(err)
		}
		if found := compare(t, p, m); len(found) > 0 {
			t.Fatal(found)
		}
		for _, abi := range m.ABIs {
			for bit := range 32 {
				for _, nr := range []uint32{1 << bit, 1<<bit - 1, 1<<bit + 1, ^uint32(0) << bit, uint32(r.Uint64()), uint32(r.Uint64()) >> bit} {
					d := bpf.Data{Arch: abi.Arch, Nr: nr}
					if got, want := p.Run(d).Enforced(), m.Decide(d).Enforced(); got != want {
						t.Fatalf("%+v: %s, but a program that is found equal says %s", d, want, got)
					}
				}
			}
		}
	}
}

// onX86 allows calls on i386 that meet a comparison, and refuses the others.
func onX86(a *bpf.Assembler, highest uint32, by bpf.Condition, k uint32) {
	test(a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchI386), bpf.Next, "kill")
	x86Numbers(a, highest, by, k)
}

func x86Numbers(a *bpf.Assembler, highest uint32, by bpf.Condition, k uint32) {
	test(a, bpf.OffsetNr, bpf.Greater, highest, "new", bpf.Next)
	a.If(by, k, "allow", "refuse")
}

// Actions are the same if the kernel does the same.
func TestActions(t *testing.T) {
	number := func(n uint) *uint { return &n }
	for _, row := range []struct {
		fact    string
		profile *specs.LinuxSeccomp
		program bpf.Action
		differ  bool
	}{
		{"the same", &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, bpf.Allow, false},
		{"another kind", &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, bpf.Log, true},
		{"data that nobody reads", &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, bpf.Allow | 7, false},
		{"a message", &specs.LinuxSeccomp{DefaultAction: specs.ActTrace, DefaultErrnoRet: number(7)}, bpf.Trace | 7, false},
		{"another message", &specs.LinuxSeccomp{DefaultAction: specs.ActTrace, DefaultErrnoRet: number(7)}, bpf.Trace | 8, true},
		{"a kind that the kernel does not know kills", &specs.LinuxSeccomp{DefaultAction: specs.ActKillProcess}, 0x1234_0000, false},
		{"the process, not the thread", &specs.LinuxSeccomp{DefaultAction: specs.ActKillThread}, 0x1234_0000, true},
	} {
		var a bpf.Assembler
		test(&a, bpf.OffsetArch, bpf.Equal, uint32(bpf.ArchS390X), bpf.Next, "kill")
		a.Return(row.program)
		a.Mark("kill")
		a.Return(bpf.KillThread)
		found := compare(t, assembled(t, &a), meaningOf(t, row.profile, s390x))
		if (len(found) > 0) != row.differ {
			t.Errorf("%s: %v", row.fact, found)
		}
	}
}

// The zero program kills every process.
func TestNoProgram(t *testing.T) {
	profile := &specs.LinuxSeccomp{DefaultAction: specs.ActKillProcess, Syscalls: []specs.LinuxSyscall{{Names: []string{"write"}, Action: specs.ActAllow}}}
	found := compare(t, bpf.Program{}, meaningOf(t, profile, x8664))
	if !slices.ContainsFunc(found, func(d check.Difference) bool { return d.Call.Nr == 1 && d.Call.Arch == bpf.ArchX86_64 }) {
		t.Errorf("found %v", found)
	}
}

func TestErrors(t *testing.T) {
	p, m := writeOnly(t, func(*bpf.Assembler) {}), meaningOf(t, allowWrite(rule{}), x8664)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := check.Compare(ctx, p, m); !errors.Is(err, context.Canceled) || found != nil {
		t.Errorf("cancelled: %v, %v", found, err)
	}
	p, err := bpf.New([]bpf.Instruction{{Code: bpf.RetA}})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := check.Compare(t.Context(), p, m); !errors.Is(err, check.ErrNotUnderstood) || found != nil {
		t.Errorf("not understood: %v, %v", found, err)
	}
}

func TestDifferenceForPeople(t *testing.T) {
	d := check.Difference{
		Call:    bpf.Data{Arch: bpf.ArchI386, Nr: 5, Args: [6]uint64{1: 0x100000001}},
		Program: bpf.Allow, Profile: bpf.ErrnoOf(1),
	}
	want := "i386 nr 0x5 args 0x0 0x100000001 0x0 0x0 0x0 0x0: program ALLOW, profile ERRNO(1 operation not permitted)"
	if d.String() != want {
		t.Errorf("%s\nwant %s", d, want)
	}
}
