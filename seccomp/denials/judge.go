package denials

import (
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
	call := Call{Number: d.Nr, ABI: d.Arch.String(), Args: hexadecimal(d.Args), Answer: decided.Action.String(), Rule: ruleOf(decided), Why: decided.Why()}
	if abi == nil {
		call.Syscall = "syscall " + explain.SyscallNumber(d.Nr)
		call.Text = call.Syscall
		return call
	}
	call.ABI, call.Syscall = string(abi.Name), abi.SyscallName(d.Nr)
	if call.Syscall == "" {
		call.Syscall = "syscall " + explain.SyscallNumber(d.Nr)
	}
	call.Text = callText(call.Syscall, abi, d, j.examined(d))
	call.Probe = isProbe(call.Syscall, decided.Action)
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
	if index, _, ok := named(abi, d.Nr); ok {
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
