package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// A shadow is the effect of an entry without conditions on other rules for the same
// syscall: they never count.
type shadow struct {
	by    int   // the index of the entry that counts
	level Level // Warning if the others have another action
}

// shadowed finds the rules that never count for a syscall. It leaves out rules of one entry
// that hide each other, as behind a multiplexer.
func shadowed(m *meaning.Meaning) []Finding {
	type over struct {
		shadow
		syscall string
	}
	hidden := map[over]map[int]bool{}
	for _, abi := range m.ABIs {
		for nr, rules := range abi.Shadowed {
			counts := abi.Rules[nr][0]
			for _, rule := range rules {
				if rule.Source == counts.Source {
					continue
				}
				o := over{shadow{counts.Source, Note}, abi.SyscallName(nr)}
				if rule.Action != counts.Action {
					o.level = Warning
				}
				if hidden[o] == nil {
					hidden[o] = map[int]bool{}
				}
				hidden[o][rule.Source] = true
			}
		}
	}
	// One finding for all syscalls for which the same rules have the same shadow.
	type group struct {
		shadow
		entries string
	}
	syscalls := map[group][]string{}
	for o, entries := range hidden {
		g := group{o.shadow, explain.Entries(slices.Sorted(maps.Keys(entries)))}
		syscalls[g] = append(syscalls[g], o.syscall)
	}
	var all []Finding
	for _, g := range slices.SortedFunc(maps.Keys(syscalls), func(a, b group) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(a.by, b.by), cmp.Compare(a.entries, b.entries))
	}) {
		slices.Sort(syscalls[g])
		all = append(all, Finding{g.level, RuleShadowed, g.entries, fmt.Sprintf("cannot count for %s: %s decides without conditions",
			strings.Join(syscalls[g], ", "), explain.Entries([]int{g.by}))})
	}
	return all
}
