package compile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

var flagBits = map[specs.LinuxSeccompFlag]uint32{
	specs.LinuxSeccompFlagLog:              unix.SECCOMP_FILTER_FLAG_LOG,
	specs.LinuxSeccompFlagSpecAllow:        unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	specs.LinuxSeccompFlagWaitKillableRecv: unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	// TSYNC is left out: only one thread of a process survives execve.
}

// loadFlags returns the flags to load a profile's program with. A profile without flags
// gets SPEC_ALLOW where the kernel has it, as from runc:
// without it, programs are slowed down by a mitigation against Spectre that
// filters do not need (runc#2430).
func loadFlags(p *seccomp.Profile, spec *specs.LinuxSeccomp) (uint32, error) {
	var all uint32
	if p.Notifies() {
		all = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
		if !kernelHas(all) {
			return 0, errors.New("SCMP_ACT_NOTIFY: this kernel has no seccomp listeners, Linux 5.0 has")
		}
	}
	if spec.Flags == nil && kernelHas(unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW) {
		all |= unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
	}
	for i, flag := range spec.Flags {
		if all |= flagBits[flag]; !kernelHas(all) {
			return 0, &seccomp.InvalidError{
				Field:  fmt.Sprintf("flags[%d]", i),
				Value:  string(flag),
				Reason: "this kernel does not support it",
			}
		}
	}
	return all, nil
}

// kernelHas asks the kernel, which looks at the flags before it reads the
// program at address 0 (seccomp_set_mode_filter, kernel/seccomp.c).
func kernelHas(flags uint32) bool {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), 0)
	return errno == unix.EFAULT
}

// FlagNames returns the names, sorted, of the flags to load a program with.
func FlagNames(flags uint32) []string {
	names := []string{}
	for name, bit := range flagBits {
		if flags&bit != 0 {
			names = append(names, string(name))
		}
	}
	if flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 {
		names = append(names, "SECCOMP_FILTER_FLAG_NEW_LISTENER")
	}
	slices.Sort(names)
	return names
}
