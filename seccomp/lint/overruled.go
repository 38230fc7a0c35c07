package lint

import (
	"context"
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// overruledRules finds the entries whose rules for a syscall decide no call. It leaves out
// entries whose conditions hold for no call: these have a finding of their own.
func overruledRules(ctx context.Context, abi *meaning.ABIRules, nr uint32) ([]Finding, error) {
	rules := abi.Rules[nr]
	deciding, err := check.Deciding(ctx, rules, !abi.Wide())
	if err != nil {
		return nil, err
	}
	counts := map[int]bool{} // entries that decide some call
	for i, decides := range deciding {
		counts[rules[i].Source] = counts[rules[i].Source] || decides
	}
	var all []Finding
	done := map[int]bool{}
	for i, rule := range rules {
		if counts[rule.Source] || done[rule.Source] {
			continue
		}
		done[rule.Source] = true
		stricter := slices.DeleteFunc(slices.Clone(rules[:i]), func(r meaning.Rule) bool {
			return bpf.CompareStrictness(r.Action, rule.Action) == 0
		})
		alone, err := decides(ctx, abi, nil, rule)
		if err != nil {
			return nil, err
		}
		beside, err := decides(ctx, abi, stricter, rule)
		if err != nil {
			return nil, err
		}
		where := explain.Entries([]int{rule.Source})
		switch {
		case !alone:
		case beside:
			all = append(all, Finding{Note, RuleRepeated, where, "other entries match each call that this one matches"})
		default:
			all = append(all, Finding{Warning, RuleOverruled, where,
				fmt.Sprintf("cannot count, because the stricter rule of %s decides each call that it matches", explain.Entries(entriesOf(stricter)))})
		}
	}
	return all, nil
}

// decides reports whether a rule decides some call beside others that come before it.
func decides(ctx context.Context, abi *meaning.ABIRules, before []meaning.Rule, rule meaning.Rule) (bool, error) {
	deciding, err := check.Deciding(ctx, append(slices.Clone(before), rule), !abi.Wide())
	return err == nil && deciding[len(before)], err
}

func entriesOf(rules []meaning.Rule) []int {
	var entries []int
	for _, rule := range rules {
		entries = append(entries, rule.Source)
	}
	slices.Sort(entries)
	return slices.Compact(entries)
}
