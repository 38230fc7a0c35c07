package differential

import (
	"slices"
	"testing"

	"seccomp-shim/bpf"
)

const deny = bpf.Errno | 1

// program returns body followed by two instructions: return ALLOW, return deny.
func program(t *testing.T, body ...bpf.Instruction) bpf.Program {
	t.Helper()
	p, err := bpf.New(append(body,
		bpf.Instruction{Code: bpf.RetK, K: uint32(bpf.Allow)},
		bpf.Instruction{Code: bpf.RetK, K: uint32(deny)}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// onCall returns a program that runs body for one syscall on one architecture, and
// allows all others.
func onCall(t *testing.T, arch bpf.Arch, nr uint32, body ...bpf.Instruction) bpf.Program {
	t.Helper()
	allow := uint8(len(body))
	return program(t, append([]bpf.Instruction{
		{Code: bpf.LdAbs, K: bpf.OffsetArch},
		{Code: bpf.JeqK, K: uint32(arch), Jf: allow + 2},
		{Code: bpf.LdAbs, K: bpf.OffsetNr},
		{Code: bpf.JeqK, K: nr, Jf: allow},
	}, body...)...)
}

func low(i int) bpf.Instruction  { return bpf.Instruction{Code: bpf.LdAbs, K: bpf.ArgLow(i)} }
func high(i int) bpf.Instruction { return bpf.Instruction{Code: bpf.LdAbs, K: bpf.ArgHigh(i)} }

// denyIf ends a body: deny if the comparison holds, else allow.
func denyIf(code uint16, k uint32) bpf.Instruction {
	return bpf.Instruction{Code: code, K: k, Jt: 1}
}

// Programs that differ for one value of one word are found to differ.
func TestCompareFindsDifferences(t *testing.T) {
	on := func(body ...bpf.Instruction) bpf.Program { return onCall(t, bpf.ArchX86_64, 41, body...) }
	mask := bpf.Instruction{Code: bpf.AndK, K: 0x7e020000}
	for _, row := range []struct {
		fact string
		a, b bpf.Program
	}{
		{"another number", on(denyIf(bpf.JeqK, 41)), onCall(t, bpf.ArchX86_64, 42, denyIf(bpf.JeqK, 42))},
		{"a number far away", on(denyIf(bpf.JeqK, 41)), onCall(t, bpf.ArchX86_64, 0x12345678, denyIf(bpf.JeqK, 0x12345678))},
		{"another architecture", on(denyIf(bpf.JeqK, 41)), onCall(t, bpf.ArchS390X, 41, denyIf(bpf.JeqK, 41))},
		{"another constant", on(low(0), denyIf(bpf.JeqK, 77777)), on(low(0), denyIf(bpf.JeqK, 77778))},
		{"another argument", on(low(0), denyIf(bpf.JeqK, 5)), on(low(1), denyIf(bpf.JeqK, 5))},
		{"the other half", on(low(0), denyIf(bpf.JeqK, 5)), on(high(0), denyIf(bpf.JeqK, 5))},
		{"greater, or equal too", on(low(5), denyIf(bpf.JgtK, 0x80000000)), on(low(5), denyIf(bpf.JgeK, 0x80000000))},
		{"greater than the greatest is never", on(low(5), denyIf(bpf.JgtK, 0xffffffff)), on(low(5), denyIf(bpf.JeqK, 0xffffffff))},
		{"a mask with a bit less", on(low(0), mask, denyIf(bpf.JeqK, 0)), on(low(0), bpf.Instruction{Code: bpf.AndK, K: 0x7e000000}, denyIf(bpf.JeqK, 0))},
		{"a set of bits with a bit more", on(low(0), denyIf(bpf.JsetK, 0x6)), on(low(0), denyIf(bpf.JsetK, 0x7))},
		{"another errno", program(t, bpf.Instruction{Code: bpf.RetK, K: uint32(deny)}), program(t, bpf.Instruction{Code: bpf.RetK, K: uint32(deny + 1)})},
	} {
		t.Run(row.fact, func(t *testing.T) {
			for _, pair := range [][2]bpf.Program{{row.a, row.b}, {row.b, row.a}} {
				found := Compare(pair[0], pair[1])
				if len(found) == 0 {
					t.Errorf("no difference between\n%v\n%v", pair[0], pair[1])
				}
				for _, d := range found {
					if a, b := pair[0].Run(d.Data), pair[1].Run(d.Data); a == b || a != d.A || b != d.B {
						t.Errorf("%v: the programs say %v, %v", d, a, b)
					}
				}
			}
		})
	}
}

// Different programs that decide the same have no difference.
func TestCompareFindsNoDifference(t *testing.T) {
	on := func(body ...bpf.Instruction) bpf.Program { return onCall(t, bpf.ArchX86_64, 41, body...) }
	noneOf := bpf.Instruction{Code: bpf.JsetK, K: 8, Jf: 1} // deny if it does not hold
	for _, row := range []struct {
		fact string
		a, b bpf.Program
	}{
		{"a program and itself", on(low(0), denyIf(bpf.JeqK, 5)), on(low(0), denyIf(bpf.JeqK, 5))},
		{"greater than 4, at least 5", on(low(0), denyIf(bpf.JgtK, 4)), on(low(0), denyIf(bpf.JgeK, 5))},
		{"not one bit, no such bit", on(low(0), noneOf),
			on(low(0), bpf.Instruction{Code: bpf.AndK, K: 8}, denyIf(bpf.JeqK, 0))},
		{"data that the kernel ignores", program(t, bpf.Instruction{Code: bpf.RetK, K: uint32(bpf.Allow | 7)}),
			program(t, bpf.Instruction{Code: bpf.RetK, K: uint32(bpf.Allow)})},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if found := Compare(row.a, row.b); len(found) > 0 {
				t.Error(found)
			}
		})
	}
}

func TestCombinationsAreBounded(t *testing.T) {
	many := words{}
	for i := range 6 {
		many[bpf.ArgLow(i)] = []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	}
	seen := map[[6]uint64]bool{}
	for args := range many.combinations() {
		seen[args] = true
	}
	if len(seen) < enough*9/10 || len(seen) > enough {
		t.Errorf("%d combinations, want about %d", len(seen), enough)
	}
	few := words{bpf.ArgLow(2): {1, 2}, bpf.ArgHigh(2): {3}}
	var got []uint64
	for args := range few.combinations() {
		got = append(got, args[2])
	}
	if want := []uint64{3<<32 | 1, 3<<32 | 2}; !slices.Equal(got, want) {
		t.Errorf("got %#x, want %#x", got, want)
	}
}
