package compile

import (
	"fmt"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// CheckExecve refuses a profile under which no program can start: execve, the last act of
// the runtime, would fail under it, when no one can be told the reason any more. The error
// is a [*seccomp.InvalidError].
func CheckExecve(m *meaning.Meaning) error {
	const name = "execve"
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

// canRun reports whether the kernel executes a call with this action. SCMP_ACT_TRACE does
// not: a container's process has no tracer before it has started.
func canRun(a bpf.Action) bool {
	switch a.Kind() {
	case bpf.Allow, bpf.Log, bpf.UserNotif:
		return true
	}
	return false
}
