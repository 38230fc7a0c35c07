package emit

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// rules emits the decision of a syscall by its arguments, one rule after the other.
func rules(a *bpf.Assembler, prefix string, call meaning.Call, wide bool) {
	for i, rule := range call.Rules {
		label := fmt.Sprintf("%s rule %d", prefix, i)
		next := bpf.Label(label + " fails")
		for j, c := range rule.Conditions {
			holds := bpf.Label(fmt.Sprintf("%s condition %d holds", label, j))
			testUpper(a, c, wide, holds, next)
			testLower(a, c, holds, next)
			a.Mark(holds)
		}
		a.Return(rule.Action)
		a.Mark(next)
	}
	a.Return(call.Otherwise)
}

// testUpper emits the comparison of an argument's upper half. If the lower half decides,
// the next instruction follows. An argument of 32 bits is compared as if its upper half
// were 0, since a filter may see other bits there.
func testUpper(a *bpf.Assembler, c specs.LinuxSeccompArg, wide bool, holds, fails bpf.Label) {
	below, above := fails, fails // the labels for a half that is below, above the condition's
	switch c.Op {
	case specs.OpNotEqual:
		below, above = holds, holds
	case specs.OpGreaterThan, specs.OpGreaterEqual:
		above = holds
	case specs.OpLessThan, specs.OpLessEqual:
		below = holds
	}
	half, mask := uint32(c.Value>>32), ^uint32(0)
	if c.Op == specs.OpMaskedEqual {
		half, mask = uint32((c.ValueTwo&c.Value)>>32), uint32(c.Value>>32)
	}
	switch {
	case !wide && half == 0:
	case !wide:
		a.Goto(below)
	case c.Op == specs.OpMaskedEqual:
		a.Load(bpf.ArgHigh(int(c.Index)))
		a.And(mask)
		a.If(bpf.Equal, half, bpf.Next, fails)
	default:
		a.Load(bpf.ArgHigh(int(c.Index)))
		if below != above {
			a.If(bpf.Greater, half, above, bpf.Next)
		}
		a.If(bpf.Equal, half, bpf.Next, below)
	}
}

// testLower emits the comparison of the lower half, for an upper half that equals the
// condition's.
func testLower(a *bpf.Assembler, c specs.LinuxSeccompArg, holds, fails bpf.Label) {
	half := uint32(c.Value)
	a.Load(bpf.ArgLow(int(c.Index)))
	switch c.Op {
	case specs.OpEqualTo:
		a.If(bpf.Equal, half, holds, fails)
	case specs.OpNotEqual:
		a.If(bpf.Equal, half, fails, holds)
	case specs.OpGreaterThan:
		a.If(bpf.Greater, half, holds, fails)
	case specs.OpGreaterEqual:
		a.If(bpf.GreaterOrEqual, half, holds, fails)
	case specs.OpLessThan:
		a.If(bpf.GreaterOrEqual, half, fails, holds)
	case specs.OpLessEqual:
		a.If(bpf.Greater, half, fails, holds)
	case specs.OpMaskedEqual:
		a.And(half)
		a.If(bpf.Equal, uint32(c.ValueTwo)&half, holds, fails)
	}
}
