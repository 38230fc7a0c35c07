package meaning

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

// ABIRules are the rules of a profile on one ABI.
type ABIRules struct {
	*ABI
	// Rules has the rules of each number that has any. The first that matches counts.
	Rules map[uint32][]Rule
	// Shadowed has the rules that never count because a rule without conditions does.
	Shadowed map[uint32][]Rule
	// Highest is the highest number that the profile names. Numbers above it are new and
	// fail with ENOSYS, except if Open is true: then no number is new.
	Highest uint32
	Open    bool
}

// rulesOn returns the rules of a profile with this default action on an ABI.
func rulesOn(abi *ABI, spec *specs.LinuxSeccomp, otherwise bpf.Action) *ABIRules {
	r := &ABIRules{ABI: abi, Rules: map[uint32][]Rule{}, Shadowed: map[uint32][]Rule{}}
	r.Open = Permits(otherwise) || otherwise.Kind() == bpf.Trace
	named := false
	for i, entry := range spec.Syscalls {
		for _, name := range entry.Names {
			if nr, ok := abi.Numbers[name]; ok {
				r.Highest, named = max(r.Highest, nr), true
			}
			if action := Action(entry.Action, entry.ErrnoRet); action != otherwise {
				r.add(name, action, entry.Args, i)
			}
		}
	}
	r.Open = r.Open || !named
	for nr, rules := range r.Rules {
		r.Rules[nr], r.Shadowed[nr] = order(rules)
	}
	return r
}

// add adds a rule for a name to each number by which the syscall can be called. source is
// the index of the profile's entry.
func (r *ABIRules) add(name string, action bpf.Action, conditions []specs.LinuxSeccompArg, source int) {
	for _, all := range alternatives(conditions) {
		rule := Rule{action, all, source}
		if nr, ok := r.Numbers[name]; ok {
			r.Rules[nr] = append(r.Rules[nr], rule)
		}
		for _, m := range multiplexers {
			nr, exists := r.Numbers[m.name]
			if _, behind := m.calls[name]; !exists || !behind {
				continue
			}
			if rule, ok := rule.through(m, name); ok {
				r.Rules[nr] = append(r.Rules[nr], rule)
			}
		}
	}
}

// IsNew reports whether the number is above all numbers that the profile names. On s390 the
// number 0, once setup(2), is new too: the kernel shows 0 for a number that it does not
// know if the number does not fit into the svc instruction (runc#2871).
func (r *ABIRules) IsNew(nr uint32) bool {
	if r.Open {
		return false
	}
	return nr > r.Highest || nr == 0 && (r.Arch == bpf.ArchS390 || r.Arch == bpf.ArchS390X)
}
