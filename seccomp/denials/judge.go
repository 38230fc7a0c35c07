package denials

import (
	"slices"
	"strings"
	"syscall"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// A Judge answers the notifications of an observed profile, or of a profile and a floor.
type Judge struct {
	Profile    *meaning.Meaning // of the profile, not its observed form
	Mode       Mode
	Floor      *meaning.Meaning // nil if there is none
	FloorTrial bool             // what the floor alone refuses is let through
}

// An Answer is what the kernel is told about a notified call.
type Answer struct {
	Errno    uint16 // the call fails with it; 0 is a success without an effect, as for ERRNO(0)
	Continue bool   // the call runs
}

// Decide returns the action that is enforced for a call, or would be without a trial of the
// profile.
func (j *Judge) Decide(call bpf.Data) bpf.Action {
	action := j.Profile.Decide(call)
	if j.Floor != nil && !j.FloorTrial {
		action, _ = meaning.Stricter(action, j.Floor.Decide(call))
	}
	return action
}

// Answer returns the answer to the notification of a call. A call that nothing refuses is
// never notified, and fails with ENOSYS if it is.
func (j *Judge) Answer(call bpf.Data) Answer {
	action := j.Decide(call).Enforced()
	switch {
	case j.onFloorTrial(call):
		return Answer{Continue: true}
	case !j.Mode.Observes(action):
		return Answer{Errno: uint16(syscall.ENOSYS)}
	case j.Mode == Trial:
		return Answer{Continue: true}
	}
	return Answer{Errno: action.Data()}
}

// ReportMode returns the mode that a report has.
func (j *Judge) ReportMode() Mode {
	if j.Mode == Off && j.FloorTrial {
		return FloorTrial
	}
	return j.Mode
}

// onFloorTrial reports whether a call is notified because the floor, which is on trial, refuses
// it and the profile does not.
func (j *Judge) onFloorTrial(call bpf.Data) bool {
	return j.FloorTrial && !j.Mode.Observes(j.Profile.Decide(call)) && Trial.Observes(j.Floor.Decide(call))
}

// decider returns what decides a call: the profile or the floor.
func (j *Judge) decider(call bpf.Data) (m *meaning.Meaning, isFloor bool) {
	if j.Floor == nil {
		return j.Profile, false
	}
	if j.FloorTrial {
		isFloor = j.onFloorTrial(call)
	} else {
		_, isFloor = meaning.Stricter(j.Profile.Decide(call), j.Floor.Decide(call))
	}
	if isFloor {
		return j.Floor, true
	}
	return j.Profile, false
}

// meanings returns the profile's and the floor's.
func (j *Judge) meanings() []*meaning.Meaning {
	if j.Floor == nil {
		return []*meaning.Meaning{j.Profile}
	}
	return []*meaning.Meaning{j.Profile, j.Floor}
}

// Describe returns what there is to report about a call, without the process and the time.
func (j *Judge) Describe(d bpf.Data) Call {
	m, isFloor := j.decider(d)
	abi, decided := explain.Call(m, d)
	decided.Floor = isFloor
	call := named(abi, d)
	call.Args, call.Answer, call.Rule, call.Why = hexadecimal(d.Args), decided.Action.String(), ruleOf(decided), decided.Why()
	call.LetThrough = isFloor && j.FloorTrial
	if abi != nil {
		call.Text = callText(call.Syscall, abi, d, j.examined(d))
	}
	call.Probe = isProbe(call.Syscall, decided.Action)
	return call
}

// DescribeKilled is Describe for a call whose thread or process was killed. The kernel's
// record of it has no arguments, so there may be several rules that can have decided.
func (j *Judge) DescribeKilled(r Record) Call {
	var call Call
	var rules, whys []string
	for i, m := range j.meanings() {
		abi, possible := explain.Outcomes(m, r.Arch, r.Number)
		if call.Syscall == "" || abi != nil {
			call = named(abi, bpf.Data{Arch: r.Arch, Nr: r.Number})
		}
		for _, c := range possible {
			c.Floor = i > 0
			rule, why := ruleOf(c), c.Why()
			if c.Action == r.Action && !slices.Contains(rules, rule) {
				rules, whys = append(rules, rule), append(whys, why)
			}
		}
	}
	call.Answer, call.Killed = r.Action.String(), true
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
	return kills(j.Profile, isKill) || j.Floor != nil && !j.FloorTrial && kills(j.Floor, isKill)
}

func kills(m *meaning.Meaning, isKill func(bpf.Action) bool) bool {
	if isKill(m.Default) {
		return true
	}
	for _, abi := range m.ABIs {
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
	for _, m := range j.meanings() {
		abi := m.ABI(d.Arch, d.Nr)
		if abi == nil {
			continue
		}
		for _, rule := range abi.Rules[d.Nr] {
			for _, c := range rule.Conditions {
				all[c.Index] = true
			}
		}
		if index, _, ok := valueNames(abi, d.Nr); ok {
			all[index] = true
		}
	}
	return all
}

// ruleOf names what decided: an entry of the profile, its default, or why there is neither.
func ruleOf(c explain.Case) string {
	if c.Floor {
		c.Floor = false
		return explain.OfFloor + ruleOf(c)
	}
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
