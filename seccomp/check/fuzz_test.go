package check_test

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Compare finds a program that is written from a meaning equal to it. After any change of
// the program, the differences are real, and no random call shows another one.
func FuzzCompare(f *testing.F) {
	f.Fuzz(func(t *testing.T, profile, mutations []byte, seed uint64) { differential(t, profile, mutations, seed) })
}

// The same as FuzzCompare on random input, and a check that the input is useful.
func TestRandomMutants(t *testing.T) {
	r := rand.NewChaCha8([32]byte{5})
	differing, equal := 0, 0
	for range 1500 {
		profile, mutations := make([]byte, 150), make([]byte, 12)
		r.Read(profile)
		r.Read(mutations)
		if differential(t, profile, mutations, r.Uint64()) {
			differing++
		} else {
			equal++
		}
		if t.Failed() {
			t.Fatalf("with %q, %q", profile, mutations)
		}
	}
	if differing < 300 || equal < 300 {
		t.Errorf("%d programs differ, %d do not: the mutations are too strong or too weak", differing, equal)
	}
}

func differential(t *testing.T, profile, mutations []byte, seed uint64) (differs bool) {
	t.Helper()
	c, change := seccomptest.Choices(profile), seccomptest.Choices(mutations)
	m := chosenMeaning(t, &c)
	p, err := emit(m, style{c.UpTo(2) == 1, c.UpTo(2) == 1, c.UpTo(2) == 1})
	if err != nil {
		t.Fatal(err)
	}
	if found := compare(t, p, m); len(found) > 0 {
		t.Fatalf("written from the meaning, but %s\n%s", found[0], p)
	}
	p = mutated(&change, p)
	found := compare(t, p, m)
	checkReal(t, p, m, found)
	checkComplete(t, p, m, found, seed)
	return len(found) > 0
}

func compare(t *testing.T, p bpf.Program, m *meaning.Meaning) []check.Difference {
	t.Helper()
	found, err := check.Compare(t.Context(), p, m)
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	return found
}

// checkReal checks that differences are real, sorted, and one for each syscall.
func checkReal(t *testing.T, p bpf.Program, m *meaning.Meaning, found []check.Difference) {
	t.Helper()
	for _, d := range found {
		program, profile := p.Run(d.Call), meant(m, d.Call)
		if program != d.Program || profile != d.Profile || program.Enforced() == profile.Enforced() {
			t.Errorf("%s, but it is %s and %s", d, program, profile)
		}
	}
	if !slices.IsSortedFunc(found, bySyscall) {
		t.Error("the differences are not in order")
	}
	if once := slices.CompactFunc(slices.Clone(found), func(a, b check.Difference) bool { return bySyscall(a, b) == 0 }); len(once) != len(found) {
		t.Error("two differences for one syscall")
	}
}

func bySyscall(a, b check.Difference) int {
	return cmp.Or(cmp.Compare(a.Call.Arch, b.Call.Arch), cmp.Compare(a.Call.Nr, b.Call.Nr))
}

// checkComplete searches for a difference that was not reported.
func checkComplete(t *testing.T, p bpf.Program, m *meaning.Meaning, found []check.Difference, seed uint64) {
	t.Helper()
	const calls, bytesForCall = 200, 64
	var key [32]byte
	binary.NativeEndian.PutUint64(key[:], seed)
	random := make(seccomptest.Choices, calls*bytesForCall)
	rand.NewChaCha8(key).Read(random)
	for range calls {
		call := chosenCall(&random, p)
		program, profile := p.Run(call), meant(m, call)
		if program.Enforced() == profile.Enforced() {
			continue
		}
		d := check.Difference{Call: call, Program: program, Profile: profile}
		if _, reported := slices.BinarySearchFunc(found, d, bySyscall); !reported && (inTable(m, call) || len(found) == 0) {
			t.Fatalf("not reported: %s; reported: %v\n%s", d, found, p)
		}
	}
}

// meant returns the action of the profile for the part of a call that its ABI uses.
func meant(m *meaning.Meaning, d bpf.Data) bpf.Action {
	if abi := m.ABI(d.Arch, d.Nr); abi != nil && !abi.Wide() {
		for i := range d.Args {
			d.Args[i] &= 0xffff_ffff
		}
	}
	return m.Decide(d)
}

// inTable reports whether a call's number is in a table, so that no other
// number is decided with it.
func inTable(m *meaning.Meaning, d bpf.Data) bool {
	return slices.ContainsFunc(m.ABIs, func(abi *meaning.ABIRules) bool {
		for _, nr := range abi.Numbers {
			if abi.Arch == d.Arch && nr == d.Nr {
				return true
			}
		}
		return false
	})
}
