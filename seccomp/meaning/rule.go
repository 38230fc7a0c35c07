package meaning

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

// A Rule is an action for calls whose arguments meet all conditions.
type Rule struct {
	Action     bpf.Action
	Conditions []specs.LinuxSeccompArg
	// Source is the index of the profile's syscalls entry.
	Source int
}

// Matches reports whether the arguments meet all conditions.
func (r Rule) Matches(args [6]uint64) bool {
	return !slices.ContainsFunc(r.Conditions, func(c specs.LinuxSeccompArg) bool { return !Holds(c, args[c.Index]) })
}

// Holds reports whether an argument meets a condition.
func Holds(c specs.LinuxSeccompArg, arg uint64) bool {
	switch c.Op {
	case specs.OpNotEqual:
		return arg != c.Value
	case specs.OpLessThan:
		return arg < c.Value
	case specs.OpLessEqual:
		return arg <= c.Value
	case specs.OpEqualTo:
		return arg == c.Value
	case specs.OpGreaterEqual:
		return arg >= c.Value
	case specs.OpGreaterThan:
		return arg > c.Value
	case specs.OpMaskedEqual:
		return arg&c.Value == c.ValueTwo&c.Value
	}
	panic("meaning: operator " + string(c.Op)) // seccomp.New refuses it
}

// alternatives returns the conditions of the rules that an entry of a profile means. There
// are several rules if two conditions compare the same argument: libseccomp once took only
// one condition for an argument, and profiles wrote several rules as one.
func alternatives(conditions []specs.LinuxSeccompArg) [][]specs.LinuxSeccompArg {
	seen := map[uint]bool{}
	for _, c := range conditions {
		if seen[c.Index] {
			var each [][]specs.LinuxSeccompArg
			for _, c := range conditions {
				each = append(each, []specs.LinuxSeccompArg{c})
			}
			return each
		}
		seen[c.Index] = true
	}
	return [][]specs.LinuxSeccompArg{conditions}
}

// through returns the rule for a call behind a multiplexer. There is none, and ok is
// false, if a permission depends on arguments that a filter cannot see.
func (r Rule) through(m multiplexer, call string) (_ Rule, ok bool) {
	hidden := func(c specs.LinuxSeccompArg) bool { return c.Index != 0 }
	if Permits(r.Action) && slices.ContainsFunc(r.Conditions, hidden) {
		return Rule{}, false
	}
	chosen := specs.LinuxSeccompArg{Index: 0, Op: specs.OpMaskedEqual, Value: m.mask, ValueTwo: m.calls[call]}
	return Rule{r.Action, []specs.LinuxSeccompArg{chosen}, r.Source}, true
}

// Permits reports whether an action lets a call run, without asking a tracer or an agent.
func Permits(a bpf.Action) bool { return a.Kind() == bpf.Allow || a.Kind() == bpf.Log }

// order sorts the rules of one syscall so that the first that matches counts. It returns
// the rules that never count separately.
func order(rules []Rule) (counting, shadowed []Rule) {
	unconditional := func(r Rule) bool { return len(r.Conditions) == 0 }
	if i := slices.IndexFunc(rules, unconditional); i >= 0 {
		return rules[i : i+1], slices.Delete(slices.Clone(rules), i, i+1)
	}
	counting = slices.Clone(rules)
	slices.SortStableFunc(counting, func(a, b Rule) int {
		return bpf.CompareStrictness(a.Action, b.Action)
	})
	return counting, nil
}
