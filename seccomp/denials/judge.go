package denials

import (
	"slices"
	"strings"
	"syscall"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// A Judge answers the notifications of an observed profile.
type Judge struct {
	Profile *meaning.Meaning // of the profile, not its observed form
	Mode    Mode
}

// An Answer is what the kernel is told about a notified call.
type Answer struct {
	Errno    uint16 // the call fails with it; 0 is a success without an effect, as for ERRNO(0)
	Continue bool   // the call runs
}

// Answer returns the answer to the notification of a call. A call that the profile does not
// refuse is never notified, and fails with ENOSYS if it is.
func (j *Judge) Answer(call bpf.Data) Answer {
	action := j.Profile.Decide(call).Enforced()
	switch {
	case !j.Mode.Observes(action):
		return Answer{Errno: uint16(syscall.ENOSYS)}
	case j.Mode == Trial:
		return Answer{Continue: true}
	}
	return Answer{Errno: action.Data()}
}

// Describe returns what there is to report about a call, without the process and the time.
func (j *Judge) Describe(d bpf.Data) Call {
	abi, decided := explain.Call(j.Profile, d)
	call := named(abi, d)
	call.Args, call.Answer, call.Rule, call.Why = hexadecimal(d.Args), decided.Action.String(), ruleOf(decided), decided.Why()
	if abi != nil {
		call.Text = callText(call.Syscall, abi, d, j.examined(d))
	}
	call.Probe = isProbe(call.Syscall, decided.Action)
	return call
}

// DescribeKilled is Describe for a call whose thread or process was killed. The kernel's
// record of it has no arguments, so there may be several rules that can have decided.
func (j *Judge) DescribeKilled(r Record) Call {
	abi, possible := explain.Outcomes(j.Profile, r.Arch, r.Number)
	call := named(abi, bpf.Data{Arch: r.Arch, Nr: r.Number})
	call.Answer, call.Killed = r.Action.String(), true
	var rules, whys []string
	for _, c := range possible {
		if c.Action == r.Action && !slices.Contains(rules, ruleOf(c)) {
			rules, whys = append(rules, ruleOf(c)), append(whys, c.Why())
		}
	}
	call.Rule, call.Why = strings.Join(rules, " or "), strings.Join(whys, " or ")
	return call
}

// Kills reports whether some call of the profile's own ABIs is killed. Calls of other ABIs
// are so rare that they do not count.
func (j *Judge) Kills() bool {
	isKill := func(a bpf.Action) bool {
		kind := j.Mode.Observed(a).Enforced().Kind()
		return kind == bpf.KillProcess || kind == bpf.KillThread
	}
	if isKill(j.Profile.Default) {
		return true
	}
	for _, abi := range j.Profile.ABIs {
		for _, rules := range abi.Rules {
			if slices.ContainsFunc(rules, func(r meaning.Rule) bool { return isKill(r.Action) }) {
				return true
			}
		}
	}
	return false
}

// named returns a call with its names alone. abi is nil if the profile does not have it.
func named(abi *meaning.ABIRules, d bpf.Data) Call {
	call := Call{Number: d.Nr, ABI: d.Arch.String()}
	if abi != nil {
		call.ABI, call.Syscall = string(abi.Name), abi.SyscallName(d.Nr)
	}
	if call.Syscall == "" {
		call.Syscall = "syscall " + explain.SyscallNumber(d.Nr)
	}
	call.Text = call.Syscall
	return call
}

// Examined returns the arguments of a call that a rule of the profile reads or that have
// names, and 0 for the others. Two calls of one syscall that agree in them are described
// alike, apart from Args.
func (j *Judge) Examined(d bpf.Data) [6]uint64 {
	var kept [6]uint64
	for i, examined := range j.examined(d) {
		if examined {
			kept[i] = d.Args[i]
		}
	}
	return kept
}

func (j *Judge) examined(d bpf.Data) (all [6]bool) {
	abi := j.Profile.ABI(d.Arch, d.Nr)
	if abi == nil {
		return all
	}
	for _, rule := range abi.Rules[d.Nr] {
		for _, c := range rule.Conditions {
			all[c.Index] = true
		}
	}
	if index, _, ok := valueNames(abi, d.Nr); ok {
		all[index] = true
	}
	return all
}

// ruleOf names what decided: an entry of the profile, its default, or why there is neither.
func ruleOf(c explain.Case) string {
	switch c.Reason {
	case explain.ByRule:
		return ruleName(c.Rule)
	case explain.TooNew:
		return "newer than the profile"
	case explain.ForeignABI:
		return "not one of the profile's architectures"
	}
	return "defaultAction"
}
