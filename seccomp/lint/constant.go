package lint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// constantConditions finds conditions that hold for every call or for none, and values that
// have no effect.
func constantConditions(spec *specs.LinuxSeccomp, m *meaning.Meaning) []Finding {
	var all []Finding
	for i, entry := range spec.Syscalls {
		abis := abisOf(m, entry.Names)
		enough := repeated(entry.Args) != nil // each condition is a rule of its own
		for j, c := range entry.Args {
			where := fmt.Sprintf("syscalls[%d].args[%d]", i, j)
			all = append(all, sameForAll(where, c, abis, enough)...)
			all = append(all, ignoredValue(where, c)...)
		}
		if index, covered := covers(entry.Args); covered {
			all = append(all, Finding{Warning, ConditionAlways, fmt.Sprintf("syscalls[%d].args", i),
				fmt.Sprintf("for each value of argument %d one of the conditions holds, so the rule counts for every call", index)})
		}
	}
	return all
}

// sameForAll finds ABIs on which a condition has one result for all arguments. enough is
// true if the condition alone makes the rule match.
func sameForAll(where string, c specs.LinuxSeccompArg, abis []*meaning.ABIRules, enough bool) []Finding {
	var always, never []string
	for _, abi := range abis {
		highest := uint64(math.MaxUint64)
		if !abi.Wide() {
			highest = math.MaxUint32
		}
		switch holds, constant := outcome(c, highest); {
		case constant && holds:
			always = append(always, string(abi.Name))
		case constant:
			never = append(never, string(abi.Name))
		}
	}
	find := func(topic Topic, names []string, text, consequence string) []Finding {
		if len(names) == 0 {
			return nil
		}
		text = fmt.Sprintf("%v %s", explain.Condition(c), text)
		if len(names) < len(abis) { // a value of 64 bits, and some ABIs have 32
			return []Finding{{Note, topic, where, fmt.Sprintf("%s on %s, whose arguments have 32 bits", text, strings.Join(names, ", "))}}
		}
		return []Finding{{Warning, topic, where, text + consequence}}
	}
	alwaysSo, neverSo := ", so the condition is without effect", ", so the rule never counts"
	if enough {
		alwaysSo, neverSo = ", so the rule counts for every call", ", so the condition is without effect"
	}
	return append(find(ConditionAlways, always, "holds for every call", alwaysSo),
		find(ConditionNever, never, "holds for no call", neverSo)...)
}

// outcome reports whether a condition is constant for arguments from 0 to highest, and
// whether it then holds.
func outcome(c specs.LinuxSeccompArg, highest uint64) (holds, constant bool) {
	if c.Op == specs.OpMaskedEqual {
		mask, want := c.Value&highest, c.ValueTwo&c.Value
		if want > highest {
			return false, true
		}
		return true, mask == 0
	}
	// The other operators have one result for all numbers below the value, one for the
	// value and one for all numbers above.
	samples := []uint64{0, highest, min(c.Value, highest)}
	if c.Value > 0 {
		samples = append(samples, min(c.Value-1, highest))
	}
	if c.Value < highest {
		samples = append(samples, c.Value+1)
	}
	holds = meaning.Holds(c, 0)
	return holds, !slices.ContainsFunc(samples, func(arg uint64) bool { return meaning.Holds(c, arg) != holds })
}

// ignoredValue finds values and bits that the comparison ignores.
func ignoredValue(where string, c specs.LinuxSeccompArg) []Finding {
	switch outside := c.ValueTwo &^ c.Value; {
	case c.ValueTwo == 0:
	case c.Op != specs.OpMaskedEqual:
		return []Finding{{Warning, ValueIgnored, where + ".valueTwo", fmt.Sprintf("%s does not count for %s, which compares with value alone: %v",
			explain.Value(c.ValueTwo), c.Op, explain.Condition(c))}}
	case outside != 0:
		return []Finding{{Warning, ValueIgnored, where + ".valueTwo", fmt.Sprintf("the bits %s are outside of the mask in value and do not count: %v",
			explain.Value(outside), explain.Condition(c))}}
	}
	return nil
}

// repeated returns the arguments with more than one condition. If there are any, each
// condition of the entry is a rule of its own: see package meaning.
func repeated(args []specs.LinuxSeccompArg) []uint {
	var twice []uint
	seen := map[uint]bool{}
	for _, c := range args {
		if seen[c.Index] && !slices.Contains(twice, c.Index) {
			twice = append(twice, c.Index)
		}
		seen[c.Index] = true
	}
	return twice
}

// covers reports whether, for every value of an argument, one of its conditions holds, such
// as != 1 or != 2. It leaves out conditions that are constant, and masks.
func covers(args []specs.LinuxSeccompArg) (index uint, covered bool) {
	for _, index := range repeated(args) {
		var about []specs.LinuxSeccompArg
		samples := []uint64{0, math.MaxUint64}
		for _, c := range args {
			if _, constant := outcome(c, math.MaxUint64); c.Index == index && c.Op != specs.OpMaskedEqual && !constant {
				about = append(about, c)
				samples = append(samples, c.Value-1, c.Value, c.Value+1) // at the ends these wrap around
			}
		}
		open := slices.ContainsFunc(samples, func(arg uint64) bool {
			return !slices.ContainsFunc(about, func(c specs.LinuxSeccompArg) bool { return meaning.Holds(c, arg) })
		})
		if !open {
			return index, true
		}
	}
	return 0, false
}

// abisOf returns the ABIs that have one of the syscalls.
func abisOf(m *meaning.Meaning, names []string) []*meaning.ABIRules {
	var all []*meaning.ABIRules
	for _, abi := range m.ABIs {
		if slices.ContainsFunc(names, func(name string) bool { return len(abi.Routes(name)) > 0 }) {
			all = append(all, abi)
		}
	}
	return all
}
