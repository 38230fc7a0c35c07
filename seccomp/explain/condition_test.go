package explain

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
)

// Each operator of the vocabulary has an expression.
func TestConditionText(t *testing.T) {
	want := map[specs.LinuxSeccompOperator]string{
		specs.OpNotEqual: "arg1 != 0xff", specs.OpLessThan: "arg1 < 0xff", specs.OpLessEqual: "arg1 <= 0xff",
		specs.OpEqualTo: "arg1 == 0xff", specs.OpGreaterEqual: "arg1 >= 0xff", specs.OpGreaterThan: "arg1 > 0xff",
		specs.OpMaskedEqual: "arg1 & 0xff == 0x10",
	}
	for _, op := range seccomp.Operators() {
		if got := (Condition{Index: 1, Value: 0xff, ValueTwo: 0x110, Op: op}).String(); got != want[op] {
			t.Errorf("%s: got %q, want %q", op, got, want[op])
		}
	}
}
