package check

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// Conditions as questions about halves decide as they do about 64 bits.
func TestConditionsInHalves(t *testing.T) {
	words := []uint32{0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff}
	var wide []uint64
	for _, high := range words {
		for _, low := range words {
			wide = append(wide, uint64(high)<<32|uint64(low))
		}
	}
	d := newDiagram(plenty(t))
	for _, op := range seccomp.Operators() {
		for _, value := range wide {
			for _, valueTwo := range []uint64{0, 1, value, ^value, value & 0xffff_ffff, value &^ 1} {
				c := specs.LinuxSeccompArg{Index: 3, Op: op, Value: value, ValueTwo: valueTwo}
				n := d.condition(c, d.always(1), d.always(2))
				for _, arg := range wide {
					if got := d.nodes[d.decide(n, with(3, arg))].action == 1; got != meaning.Holds(c, arg) {
						t.Fatalf("%+v of %#x: %t", c, arg, got)
					}
				}
			}
		}
	}
}

// with returns a call with one argument.
func with(arg uint, value uint64) *values {
	var v values
	v[highHalf(arg)], v[lowHalf(arg)] = uint32(value>>32), uint32(value)
	return &v
}

func TestTheFirstRuleThatMatchesCounts(t *testing.T) {
	equal := func(arg uint, value uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: arg, Op: specs.OpEqualTo, Value: value}
	}
	call := meaning.Call{Otherwise: bpf.Allow, Rules: []meaning.Rule{
		{Action: bpf.Trap, Conditions: []specs.LinuxSeccompArg{equal(0, 1), equal(1, 1)}},
		{Action: bpf.Log, Conditions: []specs.LinuxSeccompArg{equal(1, 1)}},
	}}
	d := newDiagram(plenty(t))
	n := d.profile(call)
	for args, want := range map[[2]uint32]bpf.Action{{1, 1}: bpf.Trap, {0, 1}: bpf.Log, {1, 0}: bpf.Allow, {0, 0}: bpf.Allow} {
		call := with(0, uint64(args[0]))
		call[lowHalf(1)] = args[1]
		got := d.nodes[d.decide(n, call)].action
		if got != enforced(want) {
			t.Errorf("%v: %s, want %s", args, bpf.Action(got), want)
		}
	}
}
