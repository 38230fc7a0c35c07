package explain

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
)

// A Condition is a condition on an argument, as in a profile.
type Condition specs.LinuxSeccompArg

// String returns the condition as an expression, such as arg0 == 8 or
// arg1 & 0xff == 0x10.
func (c Condition) String() string {
	if c.Op == specs.OpMaskedEqual {
		if c.Value == ^uint64(0) {
			return fmt.Sprintf("arg%d == %s", c.Index, Value(c.ValueTwo))
		}
		return fmt.Sprintf("arg%d & %s == %s", c.Index, Value(c.Value), Value(c.ValueTwo&c.Value))
	}
	return fmt.Sprintf("arg%d %s %s", c.Index, seccomp.Symbol(c.Op), Value(c.Value))
}

// MarshalText returns the expression, which a condition is in JSON too.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Value writes a value of an argument: small numbers in decimal, and others in hexadecimal,
// which shows their bits and halves.
func Value(v uint64) string {
	if v < 10 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

func conditionsOf(args []specs.LinuxSeccompArg) []Condition {
	all := make([]Condition, 0, len(args))
	for _, arg := range args {
		all = append(all, Condition(arg))
	}
	return all
}

// All writes conditions that must all hold.
func All(conditions []Condition) string {
	var texts []string
	for _, c := range conditions {
		texts = append(texts, c.String())
	}
	return strings.Join(texts, " and ")
}
