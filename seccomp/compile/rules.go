package compile

import (
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/seccomp"
)

// addRules adds the profile's rules to the filter and returns the allowed
// syscalls that libseccomp does not know.
func addRules(filter *libseccomp.ScmpFilter, spec *specs.LinuxSeccomp) (skipped []string, err error) {
	defaultAction := scmpAction(spec.DefaultAction, spec.DefaultErrnoRet)
	for i, rule := range spec.Syscalls {
		action := scmpAction(rule.Action, rule.ErrnoRet)
		if action == defaultAction {
			continue // libseccomp refuses a rule that changes nothing
		}
		conditions, err := scmpConditions(rule.Args)
		if err != nil {
			return nil, fmt.Errorf("syscalls[%d].args: %w", i, err)
		}
		for j, name := range rule.Names {
			field := fmt.Sprintf("syscalls[%d].names[%d]", i, j)
			nr, err := libseccomp.GetSyscallFromName(name)
			switch {
			case err != nil && permits(rule.Action):
				skipped = append(skipped, name)
				continue
			case err != nil:
				return nil, unsupported(field, name, fmt.Errorf("a rule with %s needs a known syscall", rule.Action))
			}
			if err := addRule(filter, nr, action, conditions); err != nil {
				return nil, &seccomp.InvalidError{Field: field, Value: name, Reason: fmt.Sprintf("libseccomp refuses the rule: %v", err)}
			}
		}
	}
	slices.Sort(skipped)
	return slices.Compact(skipped), nil
}

// permits reports whether an action lets the syscall run without asking anybody.
func permits(action specs.LinuxSeccompAction) bool {
	return action == specs.ActAllow || action == specs.ActLog
}

// addRule adds one rule of which all conditions must hold; or, as runc does for
// profiles of the time when that was not possible, one rule for each condition
// if two look at the same argument.
func addRule(filter *libseccomp.ScmpFilter, nr libseccomp.ScmpSyscall, action libseccomp.ScmpAction, conditions []libseccomp.ScmpCondition) error {
	if len(conditions) == 0 {
		return filter.AddRule(nr, action)
	}
	if !sameArgument(conditions) {
		return filter.AddRuleConditional(nr, action, conditions)
	}
	for _, c := range conditions {
		if err := filter.AddRuleConditional(nr, action, []libseccomp.ScmpCondition{c}); err != nil {
			return err
		}
	}
	return nil
}

func sameArgument(conditions []libseccomp.ScmpCondition) bool {
	seen := map[uint]bool{}
	for _, c := range conditions {
		if seen[c.Argument] {
			return true
		}
		seen[c.Argument] = true
	}
	return false
}

func scmpConditions(args []specs.LinuxSeccompArg) ([]libseccomp.ScmpCondition, error) {
	var conditions []libseccomp.ScmpCondition
	for _, a := range args {
		c, err := libseccomp.MakeCondition(a.Index, scmpOperators[a.Op], a.Value, a.ValueTwo)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}
