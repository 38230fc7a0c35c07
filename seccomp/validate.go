package seccomp

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// validate returns an error for the first field that cannot be enforced as written.
func validate(spec *specs.LinuxSeccomp) error {
	if err := knownAction("defaultAction", "defaultErrnoRet", spec.DefaultAction); err != nil {
		return err
	}
	if err := validateErrno("defaultErrnoRet", spec.DefaultAction, spec.DefaultErrnoRet); err != nil {
		return err
	}
	for i, arch := range spec.Architectures {
		if err := known(fmt.Sprintf("architectures[%d]", i), arch, architectures); err != nil {
			return err
		}
	}
	for i, flag := range spec.Flags {
		if err := validateFlag(fmt.Sprintf("flags[%d]", i), flag, spec); err != nil {
			return err
		}
	}
	if err := validateListener(spec); err != nil {
		return err
	}
	for i := range spec.Syscalls {
		if err := validateRule(fmt.Sprintf("syscalls[%d]", i), &spec.Syscalls[i]); err != nil {
			return err
		}
	}
	return nil
}

// validateErrno refuses an error number beside an action that takes none, as the OCI spec
// demands. SCMP_ACT_TRACE passes the number to the tracer, so it may use all 16 bits.
func validateErrno(field string, action specs.LinuxSeccompAction, errno *uint) error {
	if errno == nil {
		return nil
	}
	highest := uint(maxErrno)
	switch action {
	case specs.ActErrno:
	case specs.ActTrace:
		highest = maxTraceMessage
	default:
		return invalid(field, *errno, "the action %s takes no error number", action)
	}
	if *errno > highest {
		return invalid(field, *errno, "must be at most %d", highest)
	}
	return nil
}

func validateFlag(field string, flag specs.LinuxSeccompFlag, spec *specs.LinuxSeccomp) error {
	if err := known(field, flag, flags); err != nil {
		return err
	}
	// kernel/seccomp.c, seccomp_set_mode_filter: EINVAL without NEW_LISTENER.
	if flag == specs.LinuxSeccompFlagWaitKillableRecv && !notifies(spec) {
		return invalid(field, string(flag), "needs a rule with SCMP_ACT_NOTIFY")
	}
	return nil
}

func validateListener(spec *specs.LinuxSeccomp) error {
	if spec.ListenerPath == "" && notifies(spec) {
		return invalid("listenerPath", "", "must name a socket, because a rule says SCMP_ACT_NOTIFY")
	}
	if spec.ListenerPath == "" && spec.ListenerMetadata != "" {
		return invalid("listenerMetadata", spec.ListenerMetadata, "must not be set without listenerPath")
	}
	return nil
}

func validateRule(field string, rule *specs.LinuxSyscall) error {
	if len(rule.Names) == 0 {
		return invalid(field+".names", []string{}, "must name at least one syscall")
	}
	for i, name := range rule.Names {
		if err := validateName(fmt.Sprintf("%s.names[%d]", field, i), name); err != nil {
			return err
		}
	}
	if err := knownAction(field+".action", "errnoRet", rule.Action); err != nil {
		return err
	}
	if err := validateErrno(field+".errnoRet", rule.Action, rule.ErrnoRet); err != nil {
		return err
	}
	for i, arg := range rule.Args {
		argField := fmt.Sprintf("%s.args[%d]", field, i)
		if arg.Index >= maxSyscallArgs {
			return invalid(argField+".index", arg.Index, "a syscall has the arguments 0 to %d", maxSyscallArgs-1)
		}
		if err := known(argField+".op", arg.Op, operators); err != nil {
			return err
		}
	}
	return nil
}

// validateName refuses names that no syscall can have: the kernel's are C identifiers.
// The compiler finds out whether a well-formed name exists.
func validateName(field, name string) error {
	if name == "" {
		return invalid(field, name, "must not be empty")
	}
	if len(name) > maxNameLength {
		return invalid(field, name, "must have at most %d letters", maxNameLength)
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return invalid(field, name, "must consist of letters, digits and underscores")
		}
	}
	return nil
}
