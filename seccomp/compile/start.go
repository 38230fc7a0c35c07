package compile

import (
	"fmt"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

// CheckStart refuses a profile under which no program can start: the last act of
// the runtime, execve, would fail under it, when nobody can be told any more.
// The error is a [*seccomp.InvalidError].
func CheckStart(p *seccomp.Profile) error {
	const name = "execve"
	m, err := Meaning(p)
	if err != nil {
		return err
	}
	native := m.ABIs[0]
	call := m.Call(native.Arch, native.Numbers[name])
	if len(call.Rules) > 0 && len(call.Rules[0].Conditions) == 0 {
		call.Otherwise = call.Rules[0].Action
	} else if len(call.Rules) > 0 {
		return nil // it depends on addresses, which only the kernel knows
	}
	if canRun(call.Otherwise) {
		return nil
	}
	return &seccomp.InvalidError{
		Field:  "syscalls",
		Value:  name,
		Reason: fmt.Sprintf("the profile answers %v, so under seccomp the container's program cannot be started", call.Otherwise),
	}
}

// canRun reports whether a call with this action may do its work. Nobody traces
// a container's process before it has started.
func canRun(a bpf.Action) bool {
	switch a.Kind() {
	case bpf.Allow, bpf.Log, bpf.UserNotif:
		return true
	}
	return false
}
