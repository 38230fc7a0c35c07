package compile

import (
	"fmt"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// CheckExecve refuses a profile under which no program can start: execve, the last act of
// the runtime, would fail under it, and the process could not report the reason. The error
// is a [*seccomp.InvalidError].
func CheckExecve(m *meaning.Meaning) error {
	const name = "execve"
	native := m.ABIs[0]
	call := m.Call(native.Arch, native.Numbers[name])
	if len(call.Rules) > 0 && len(call.Rules[0].Conditions) == 0 {
		call.Otherwise = call.Rules[0].Action
	} else if len(call.Rules) > 0 {
		return nil // the action depends on addresses, which only the kernel knows
	}
	if call.Otherwise.MayRun() {
		return nil
	}
	return &seccomp.InvalidError{
		Field:  "syscalls",
		Value:  name,
		Reason: fmt.Sprintf("the profile answers %v, so under seccomp the container's program cannot be started", call.Otherwise),
	}
}
