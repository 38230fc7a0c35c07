package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// strong are the syscalls that weaken a profile that lets them through for all arguments, each
// with the reason. Some need a capability; a profile is a second line of defence.
var strong = []struct{ name, why string }{
	{"io_uring_setup", "the operations of a ring are no syscalls, so no filter sees them"},
	{"ptrace", "it changes what other processes do, also those outside of the filter that the tracer may see"},
	{"process_vm_writev", "it writes the memory of other processes"},
	{"process_vm_readv", "it reads the memory of other processes"},
	{"pidfd_getfd", "it takes the descriptors of other processes"},
	{"bpf", "it loads programs into the kernel"},
	{"perf_event_open", "it has a large attack surface, and observes other processes"},
	{"userfaultfd", "it stops the kernel in the middle of a copy, which makes its races easy to win"},
	{"keyctl", "keyrings belong to no container: keys of others can be found and used"},
	{"add_key", "keyrings belong to no container: keys are left to others"},
	{"request_key", "keyrings belong to no container, and the kernel starts a program on the host"},
	{"open_by_handle_at", "it opens files by a number, past the container's mounts"},
	{"init_module", "it loads a module into the kernel"},
	{"finit_module", "it loads a module into the kernel"},
	{"delete_module", "it removes a module from the kernel"},
	{"kexec_load", "it replaces the kernel"},
	{"kexec_file_load", "it replaces the kernel"},
	{"mount", "it changes what paths mean"},
	{"move_mount", "it changes what paths mean"},
	{"pivot_root", "it changes what paths mean"},
	{"setns", "it enters the namespaces of others"},
	{"unshare", "a new user namespace has all capabilities, and opens much of the kernel"},
}

// strongCalls finds the strong syscalls that a profile lets through for all arguments.
func strongCalls(spec *specs.LinuxSeccomp, m *meaning.Meaning) []Finding {
	var found gathering
	var byDefault []string
	for _, call := range strong {
		for _, abi := range m.ABIs {
			nr, ok := abi.Numbers[call.name]
			if !ok {
				continue
			}
			_, cases := explain.Outcomes(m, abi.Arch, nr)
			switch first := cases[0]; {
			case len(first.If) > 0 || !meaning.Permits(first.Action):
			case first.Reason == explain.ByRule:
				found.add(string(abi.Name), Finding{Warning, StrongCall, nameIn(spec, first.Rule, call.name),
					fmt.Sprintf("%s is answered %v for all arguments: %s", call.name, first.Action, call.why)})
			case !slices.Contains(byDefault, call.name):
				byDefault = append(byDefault, call.name)
			}
		}
	}
	all := found.findings(" (on %s)")
	if len(byDefault) > 0 {
		all = append(all, Finding{Warning, DefaultPermits, "defaultAction",
			fmt.Sprintf("%v lets each syscall through that no rule names, among them %s", m.Default, strings.Join(byDefault, ", "))})
	}
	return all
}

// nameIn returns the place of a name in an entry, or of the entry if the rule is about a call
// behind a multiplexer.
func nameIn(spec *specs.LinuxSeccomp, entry int, name string) string {
	if i := slices.Index(spec.Syscalls[entry].Names, name); i >= 0 {
		return fmt.Sprintf("syscalls[%d].names[%d]", entry, i)
	}
	return explain.Entries([]int{entry})
}
