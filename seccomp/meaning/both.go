package meaning

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

// Both is what a profile and a floor mean together: of their two answers to a call the stricter
// one counts, as if the kernel had a filter for each. A floor is a profile of the node's
// operator, which a pod's author cannot remove.
type Both struct {
	Profile, Floor *Meaning
}

// Stricter returns the stricter one of two answers, in the kernel's order for several filters
// (seccomp(2)): KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW. Of two
// equal ones, such as two error numbers, the profile's counts, so that a floor changes nothing
// about calls that the profile refuses in the same way. fromFloor says whose it is.
func Stricter(profile, floor bpf.Action) (_ bpf.Action, fromFloor bool) {
	if profile.Looser(floor) {
		return floor, true
	}
	return profile, false
}

// Decide implements [Decider].
func (b Both) Decide(d bpf.Data) bpf.Action {
	action, _ := Stricter(b.Profile.Decide(d), b.Floor.Decide(d))
	return action
}

// Call implements [Decider]. The first pair of a rule of the floor and one of the profile
// whose conditions all hold has the first rule of each that matches.
func (b Both) Call(arch bpf.Arch, nr uint32) Call {
	profile, floor := b.Profile.Call(arch, nr), b.Floor.Call(arch, nr)
	if len(floor.Rules) == 0 && floor.Otherwise == bpf.Allow {
		return profile
	}
	var call Call
	for _, f := range floor.all() {
		for _, p := range profile.all() {
			if conditions, possible := Conjunction(f.Conditions, p.Conditions); possible {
				action, _ := Stricter(p.Action, f.Action)
				call.Rules = append(call.Rules, Rule{Action: action, Conditions: conditions})
			}
		}
	}
	return call.reduced()
}

// all returns the rules of a call, and one for all other arguments.
func (c Call) all() []Rule { return append(slices.Clone(c.Rules), Rule{Action: c.Otherwise}) }

// reduced returns the call with its last rule as the action for all other arguments, and
// without rules that make no difference.
func (c Call) reduced() Call {
	last := slices.IndexFunc(c.Rules, func(r Rule) bool { return len(r.Conditions) == 0 })
	reduced := Call{c.Rules[:last], c.Rules[last].Action}
	for len(reduced.Rules) > 0 && reduced.Rules[len(reduced.Rules)-1].Action == reduced.Otherwise {
		reduced.Rules = reduced.Rules[:len(reduced.Rules)-1]
	}
	return reduced
}

// Conjunction returns conditions that hold if all of two lists do, without those that say
// nothing beside the others. possible is false if no argument meets them.
func Conjunction(a, b []specs.LinuxSeccompArg) (_ []specs.LinuxSeccompArg, possible bool) {
	var all []specs.LinuxSeccompArg
	for _, c := range slices.Concat(a, b) {
		if slices.Contains(all, c) {
			continue
		}
		all = append(all, c)
	}
	if slices.ContainsFunc(all, func(c specs.LinuxSeccompArg) bool { return tooSmall(c, all) }) {
		return nil, false
	}
	for i := 0; i < len(all); i++ {
		if all[i].Op != specs.OpEqualTo {
			continue
		}
		known := all[i]
		if slices.ContainsFunc(all, func(c specs.LinuxSeccompArg) bool { return c.Index == known.Index && !Holds(c, known.Value) }) {
			return nil, false
		}
		all = slices.DeleteFunc(all, func(c specs.LinuxSeccompArg) bool { return c.Index == known.Index && c != known })
		i = slices.Index(all, known)
	}
	return all, true
}

// tooSmall reports whether a condition wants an argument to be smaller than the bits that a
// masked comparison of it demands.
func tooSmall(c specs.LinuxSeccompArg, all []specs.LinuxSeccompArg) bool {
	return slices.ContainsFunc(all, func(masked specs.LinuxSeccompArg) bool {
		if masked.Op != specs.OpMaskedEqual || masked.Index != c.Index {
			return false
		}
		least := masked.ValueTwo & masked.Value
		return c.Op == specs.OpLessThan && least >= c.Value || c.Op == specs.OpLessEqual && least > c.Value
	})
}

// Parts implements [Decider].
func (b Both) Parts() []*ABIRules { return slices.Concat(b.Profile.ABIs, b.Floor.ABIs) }

// ABI implements [Decider].
func (b Both) ABI(arch bpf.Arch, nr uint32) *ABIRules {
	if abi := b.Profile.ABI(arch, nr); abi != nil {
		return abi
	}
	return b.Floor.ABI(arch, nr)
}
