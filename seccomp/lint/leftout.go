package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// leftOut finds entries with the default action. They have no effect, so it warns of those
// that look like an exception to another entry.
func leftOut(spec *specs.LinuxSeccomp, otherwise bpf.Action) []Finding {
	var all []Finding
	for i, entry := range spec.Syscalls {
		if meaning.Action(entry.Action, entry.ErrnoRet) != otherwise {
			continue
		}
		f := Finding{Note, RuleLeftOut, fmt.Sprintf("syscalls[%d].action", i),
			fmt.Sprintf("%s is what defaultAction says, so the rule changes nothing", otherwise)}
		var rules []int
		var names []string
		for j, other := range spec.Syscalls {
			shared := slices.DeleteFunc(slices.Clone(entry.Names), func(name string) bool { return !slices.Contains(other.Names, name) })
			if len(shared) > 0 && meaning.Action(other.Action, other.ErrnoRet) != otherwise && isException(entry.Args, other.Args) {
				rules, names = append(rules, j), append(names, shared...)
			}
		}
		if len(rules) > 0 {
			slices.Sort(names)
			f.Level = Warning
			f.Text += fmt.Sprintf(": it is no exception to %s for %s, whose conditions would have to leave it out",
				explain.Entries(rules), strings.Join(slices.Compact(names), ", "))
		}
		all = append(all, f)
	}
	return all
}

// isException reports whether an entry with the conditions args may be written as an
// exception to one with the conditions of: both can match a call, and it is not the more
// general one.
func isException(args, of []specs.LinuxSeccompArg) bool {
	if len(args) == 0 {
		return len(of) == 0
	}
	if len(repeated(args))+len(repeated(of)) > 0 {
		return true
	}
	return !slices.ContainsFunc(args, func(c specs.LinuxSeccompArg) bool {
		return slices.ContainsFunc(of, func(d specs.LinuxSeccompArg) bool { return c.Index == d.Index && disjoint(c, d) })
	})
}

// disjoint reports whether no argument meets both conditions, in the cases that are easy to
// decide.
func disjoint(a, b specs.LinuxSeccompArg) bool {
	switch {
	case a.Op == specs.OpEqualTo:
		return !meaning.Holds(b, a.Value)
	case b.Op == specs.OpEqualTo:
		return !meaning.Holds(a, b.Value)
	case a.Op == specs.OpMaskedEqual && b.Op == specs.OpMaskedEqual:
		common := a.Value & b.Value
		return a.ValueTwo&common != b.ValueTwo&common
	}
	return false
}
