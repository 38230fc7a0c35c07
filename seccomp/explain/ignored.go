package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// An IgnoredRule is a rule for a syscall that does not decide about it.
type IgnoredRule struct {
	Rule int `json:"rule"` // the index of the profile's syscalls entry
	Why  Why `json:"why"`
}

// A Why is the reason for which a rule does not count. In a sentence it follows the rule.
type Why string

// The reasons.
const (
	Mismatch    Why = "does not match"
	Later       Why = "comes after a rule that matches"
	Shadowed    Why = "cannot count beside a rule without conditions"
	SaysDefault Why = "says what defaultAction says"
	Hidden      Why = "depends on arguments that a filter cannot see here"
	Unknown     Why = "is left out, because nobody knows the syscall"
)

// ignoredRules returns the rules that name a syscall, or count for its number, and that no
// case of the answer has.
func ignoredRules(spec *specs.LinuxSeccomp, otherwise bpf.Action, abi *meaning.ABIRules, a Answer, known map[uint]uint64) []IgnoredRule {
	var all []IgnoredRule
	for i, entry := range spec.Syscalls {
		ofRule := func(r meaning.Rule) bool { return r.Source == i }
		stands := slices.ContainsFunc(abi.Rules[a.Number], ofRule)
		isShadowed := slices.ContainsFunc(abi.Shadowed[a.Number], ofRule)
		names := slices.Contains(entry.Names, a.Name) || slices.Contains(entry.Names, a.Through)
		if !names && (a.Through != "" || !stands && !isShadowed) {
			continue // about other syscalls, also behind a multiplexer
		}
		if slices.ContainsFunc(a.Cases, func(c Case) bool { return c.Reason == ByRule && c.Rule == i }) {
			continue
		}
		why := Hidden
		switch {
		case meaning.Action(entry.Action, entry.ErrnoRet) == otherwise:
			why = SaysDefault
		case isShadowed:
			why = Shadowed
		case stands && slices.ContainsFunc(abi.Rules[a.Number], func(r meaning.Rule) bool {
			_, fails := undecided(r, known)
			return ofRule(r) && !fails
		}):
			why = Later
		case stands:
			why = Mismatch
		}
		all = append(all, IgnoredRule{i, why})
	}
	return all
}

// Sentence writes rules with the reasons for which they do not count, such as "syscalls[1]
// does not match; syscalls[3,5] cannot count beside a rule without conditions".
func Sentence(all []IgnoredRule) string {
	var parts []string
	for _, why := range []Why{Mismatch, Later, Shadowed, SaysDefault, Hidden, Unknown} {
		var rules []int
		for _, p := range all {
			if p.Why == why {
				rules = append(rules, p.Rule)
			}
		}
		if len(rules) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", Entries(rules), why.of(len(rules))))
		}
	}
	return strings.Join(parts, "; ")
}

// of returns the words for a number of rules.
func (w Why) of(rules int) string {
	if rules == 1 {
		return string(w)
	}
	return strings.NewReplacer("does not", "do not", "comes", "come", "says what", "say what", "depends", "depend", "is left", "are left").Replace(string(w))
}

// Entries names entries of a profile's syscalls by their sorted indexes: syscalls[0,3-7].
func Entries(indexes []int) string {
	var parts []string
	for i := 0; i < len(indexes); {
		first := i
		for i++; i < len(indexes) && indexes[i] == indexes[i-1]+1; i++ {
		}
		if last := indexes[i-1]; last > indexes[first] {
			parts = append(parts, fmt.Sprintf("%d-%d", indexes[first], last))
		} else {
			parts = append(parts, fmt.Sprint(last))
		}
	}
	return "syscalls[" + strings.Join(parts, ",") + "]"
}
