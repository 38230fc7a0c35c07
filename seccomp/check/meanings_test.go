package check_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

var relations = []check.Relation{
	bpf.Action.Looser,
	func(one, other bpf.Action) bool { return other.Looser(one) },
	func(one, other bpf.Action) bool { return one != other },
}

func meanings(t *testing.T, one, other *meaning.Meaning) [][]check.Witness {
	t.Helper()
	found, err := check.Meanings(t.Context(), one, other, relations...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A domain is a small one in which all calls can be tried: the values of its conditions are
// below 8, so that all arguments from 8 on are decided as one of those from 8 to 15.
func smallProfile(t *testing.T, r *rand.Rand) *meaning.Meaning {
	t.Helper()
	one := func(from []specs.LinuxSeccompAction) specs.LinuxSeccompAction { return from[r.IntN(len(from))] }
	spec := &specs.LinuxSeccomp{DefaultAction: one(actions)}
	for range r.IntN(5) {
		rule := specs.LinuxSyscall{Names: []string{names[r.IntN(3)]}, Action: one(actions)}
		if rule.Action == specs.ActErrno {
			number := uint(1 + r.IntN(2))
			rule.ErrnoRet = &number
		}
		for range r.IntN(3) {
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{
				Index: uint(r.IntN(2)), Op: operators[r.IntN(len(operators))], Value: r.Uint64N(8), ValueTwo: r.Uint64N(8),
			})
		}
		spec.Syscalls = append(spec.Syscalls, rule)
	}
	return meaningOf(t, spec, x8664)
}

// Meanings finds a witness exactly where there is one.
func TestMeaningsAgainstAllCalls(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	count := 0
	for range 400 {
		one, other := smallProfile(t, r), smallProfile(t, r)
		found := meanings(t, one, other)
		for _, nr := range []uint32{0, 1, 41, 56, 300, 437, 500} {
			for i, relation := range relations {
				want := false
				for call := range 256 {
					d := bpf.Data{Arch: bpf.ArchX86_64, Nr: nr, Args: [6]uint64{uint64(call % 16), uint64(call / 16)}}
					want = want || relation(one.Decide(d).Enforced(), other.Decide(d).Enforced())
				}
				got := slices.ContainsFunc(found[i], func(w check.Witness) bool { return w.Call.Nr <= nr && nr <= w.Last })
				if got != want {
					t.Fatalf("relation %d, number %d: a witness is found: %v, there is one: %v\n%+v\n%+v", i, nr, got, want, one, other)
				}
				if want {
					count++
				}
			}
		}
	}
	if count < 1000 {
		t.Errorf("only %d witnesses", count)
	}
}

// No call for which the programs of two meanings differ is left out, and each witness is one
// by the programs, too.
func FuzzMeanings(f *testing.F) {
	f.Add([]byte("a"), []byte("b"), uint64(1))
	f.Fuzz(func(t *testing.T, one, other []byte, seed uint64) { differentMeanings(t, one, other, seed) })
}

func TestRandomMeanings(t *testing.T) {
	r := rand.NewChaCha8([32]byte{6})
	for range 300 {
		one, other := make([]byte, 150), make([]byte, 150)
		r.Read(one)
		if r.Read(other); r.Uint64()%3 == 0 { // almost alike
			copy(other, one)
			other[r.Uint64()%100]++
		}
		differentMeanings(t, one, other, r.Uint64())
	}
}

func differentMeanings(t *testing.T, one, other []byte, seed uint64) {
	t.Helper()
	a, b := seccomptest.Choices(one), seccomptest.Choices(other)
	first, second := chosenMeaning(t, &a), chosenMeaning(t, &b)
	programs := [2]bpf.Program{}
	for i, m := range []*meaning.Meaning{first, second} {
		var err error
		if programs[i], err = emit(m, style{}); err != nil {
			t.Fatal(err)
		}
	}
	found := meanings(t, first, second)
	for i, witnesses := range found {
		for _, w := range witnesses {
			if x, y := programs[0].Run(w.Call), programs[1].Run(w.Call); x != w.One || y != w.Other || !relations[i](x, y) {
				t.Fatalf("relation %d: %+v, but the programs say %s and %s", i, w, x, y)
			}
		}
	}
	var key [32]byte
	binary.NativeEndian.PutUint64(key[:], seed)
	random := make(seccomptest.Choices, 200*64)
	rand.NewChaCha8(key).Read(random)
	for n := range 200 {
		call := chosenCall(&random, programs[n%2])
		x, y := programs[0].Run(call).Enforced(), programs[1].Run(call).Enforced()
		for i, relation := range relations {
			if relation(x, y) && !slices.ContainsFunc(found[i], func(w check.Witness) bool {
				return w.Call.Arch == call.Arch && w.Call.Nr <= call.Nr && call.Nr <= w.Last
			}) {
				t.Fatalf("relation %d: no witness for %+v: %s and %s", i, call, x, y)
			}
		}
	}
}

// A profile too large for an exact answer has none: here one with its rules in both orders.
func TestMeaningsTooComplex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	spec := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	for range 1900 {
		rule := specs.LinuxSyscall{Names: []string{"clone"}, Action: specs.ActAllow}
		for arg := range uint(6) {
			mask := uint64(r.Uint32())
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{Index: arg, Op: specs.OpMaskedEqual, Value: mask, ValueTwo: mask & r.Uint64()})
		}
		spec.Syscalls = append(spec.Syscalls, rule)
	}
	one := meaningOf(t, spec, x8664)
	slices.Reverse(spec.Syscalls)
	found, err := check.Meanings(t.Context(), one, meaningOf(t, spec, x8664), relations[2])
	if !errors.Is(err, check.ErrTooComplex) || found != nil {
		t.Errorf("%v, %v", found, err)
	}
}

func TestUpperHalf(t *testing.T) {
	condition := func(op specs.LinuxSeccompOperator, value, two uint64) []specs.LinuxSeccompArg {
		return []specs.LinuxSeccompArg{{Index: 0, Op: op, Value: value, ValueTwo: two}}
	}
	for _, row := range []struct {
		fact            string
		action          specs.LinuxSeccompAction
		args            []specs.LinuxSeccompArg
		looser, tighter bool
	}{
		{"a value allowed", specs.ActAllow, condition(specs.OpEqualTo, 8, 0), false, true},
		{"all but a value allowed", specs.ActAllow, condition(specs.OpNotEqual, 8, 0), true, false},
		{"above a value allowed", specs.ActAllow, condition(specs.OpGreaterThan, 8, 0), true, false},
		{"below a value allowed", specs.ActAllow, condition(specs.OpLessThan, 8, 0), false, true},
		{"masked lower bits", specs.ActAllow, condition(specs.OpMaskedEqual, 0xffff, 8), false, false},
		{"masked upper bits", specs.ActAllow, condition(specs.OpMaskedEqual, 1<<40, 0), false, true},
		{"a value refused", specs.ActKillProcess, condition(specs.OpEqualTo, 8, 0), true, false},
	} {
		spec := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Syscalls: []specs.LinuxSyscall{
			{Names: []string{"clone"}, Action: row.action, Args: row.args}, {Names: []string{"openat2"}, Action: specs.ActAllow}}}
		m := meaningOf(t, spec, x8664, x86)
		for _, abi := range m.ABIs {
			nr := abi.Numbers["clone"]
			found, err := check.UpperHalf(t.Context(), m, abi.Arch, nr, 0, relations[:2]...)
			if err != nil {
				t.Fatal(err)
			}
			wide := abi.Wide() // the upper half of a narrow argument never counts
			if (found[0] != nil) != (row.looser && wide) || (found[1] != nil) != (row.tighter && wide) {
				t.Errorf("%s on %s: %+v", row.fact, abi.Name, found)
			}
			if other, err := check.UpperHalf(t.Context(), m, abi.Arch, nr, 1, relations...); err != nil || fmt.Sprint(other) != "[<nil> <nil> <nil>]" {
				t.Errorf("%s: argument 1: %v, %v", row.fact, other, err)
			}
		}
	}
}

func TestDeciding(t *testing.T) {
	rule := func(conditions ...specs.LinuxSeccompArg) meaning.Rule {
		return meaning.Rule{Action: bpf.Allow, Conditions: conditions}
	}
	is := func(index uint, op specs.LinuxSeccompOperator, value, two uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: index, Op: op, Value: value, ValueTwo: two}
	}
	for _, row := range []struct {
		fact   string
		narrow bool
		rules  []meaning.Rule
		want   []bool
	}{
		{"apart", false, []meaning.Rule{rule(is(0, specs.OpEqualTo, 1, 0)), rule(is(0, specs.OpEqualTo, 2, 0))}, []bool{true, true}},
		{"the same", false, []meaning.Rule{rule(is(0, specs.OpEqualTo, 1, 0)), rule(is(0, specs.OpEqualTo, 1, 0))}, []bool{true, false}},
		{"a part", false, []meaning.Rule{rule(is(0, specs.OpGreaterThan, 1, 0)), rule(is(0, specs.OpEqualTo, 5, 0), is(1, specs.OpEqualTo, 5, 0))}, []bool{true, false}},
		{"a part of two", false, []meaning.Rule{rule(is(0, specs.OpMaskedEqual, 1, 0)), rule(is(0, specs.OpMaskedEqual, 1, 1)), rule(is(1, specs.OpEqualTo, 5, 0))},
			[]bool{true, true, false}},
		{"above 32 bits", false, []meaning.Rule{rule(is(0, specs.OpGreaterThan, 0xffffffff, 0))}, []bool{true}},
		{"above 32 bits of 32", true, []meaning.Rule{rule(is(0, specs.OpGreaterThan, 0xffffffff, 0))}, []bool{false}},
		{"none", false, nil, []bool{}},
	} {
		got, err := check.Deciding(t.Context(), row.rules, row.narrow)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, %v; want %v", row.fact, got, err, row.want)
		}
	}
	if _, err := check.Deciding(t.Context(), make([]meaning.Rule, 4096), false); !errors.Is(err, check.ErrTooComplex) {
		t.Errorf("4096 rules: %v", err)
	}
}
