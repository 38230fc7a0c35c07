package check

import (
	"fmt"

	"seccomp-shim/bpf"
)

// A Difference is a call for which a program has another action than its profile.
type Difference struct {
	Call             bpf.Data
	Program, Profile bpf.Action
}

// Weakens reports whether the program is looser than the profile.
func (d Difference) Weakens() bool { return d.Program.Looser(d.Profile) }

// String returns the call and both actions, such as
//
//	i386 nr 0x5 args 0x0 0x1 0x0 0x0 0x0 0x0: program ALLOW, profile ERRNO(1 operation not permitted)
func (d Difference) String() string {
	args := ""
	for _, arg := range d.Call.Args {
		args += fmt.Sprintf(" %#x", arg)
	}
	if d.Call.InstructionPointer != 0 {
		args += fmt.Sprintf(" at %#x", d.Call.InstructionPointer)
	}
	return fmt.Sprintf("%s nr %#x args%s: program %s, profile %s", d.Call.Arch, d.Call.Nr, args, d.Program, d.Profile)
}
