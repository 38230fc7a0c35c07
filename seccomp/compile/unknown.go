package compile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/syscalls"
)

// Unknown returns the names, sorted, of a profile's rules that are left out because nobody
// knows the syscall. It refuses a profile with such a rule that must not be left out.
func Unknown(p *seccomp.Profile) ([]string, error) { return unknownNames(p.Spec()) }

// unknownNames returns the names, sorted, whose rules are left out because nobody
// knows the syscall. The error lists the names whose rules must not be left out.
func unknownNames(spec *specs.LinuxSeccomp) (skipped []string, err error) {
	otherwise := meaning.Action(spec.DefaultAction, spec.DefaultErrnoRet)
	var lost unknown
	for i, rule := range spec.Syscalls {
		action := meaning.Action(rule.Action, rule.ErrnoRet)
		for j, name := range rule.Names {
			switch {
			case action == otherwise || libseccomp.Knows(name) || syscalls.Known(name):
			case mayBeLeftOut(action, otherwise):
				skipped = append(skipped, name)
			default:
				lost = append(lost, unknownName{i, j, name})
			}
		}
	}
	if len(lost) > 0 {
		return nil, lost.refusal()
	}
	slices.Sort(skipped)
	return slices.Compact(skipped), nil
}

// mayBeLeftOut reports whether a rule for a syscall that nobody knows can be left
// out: the rule denies nothing, or the default action denies the syscall too. A
// rule with SCMP_ACT_NOTIFY denies nothing: the agent decides.
func mayBeLeftOut(action, otherwise bpf.Action) bool {
	if meaning.Permits(action) || action.Kind() == bpf.UserNotif {
		return true
	}
	switch otherwise.Kind() {
	case bpf.Errno, bpf.Trap, bpf.KillThread, bpf.KillProcess:
		return true
	}
	return false
}

// unknown lists the names that neither libseccomp nor package syscalls knows, in the order
// of the profile.
type unknown []unknownName

type unknownName struct {
	entry, position int // syscalls[entry].names[position]
	name            string
}

// longestList bounds the list of names in an error, in bytes.
const longestList = 1 << 10

// refusal names the most specific field that has all of the names.
func (u unknown) refusal() *seccomp.InvalidError {
	first := u[0]
	field := "syscalls"
	if len(u) == 1 {
		field = fmt.Sprintf("syscalls[%d].names[%d]", first.entry, first.position)
	} else if !slices.ContainsFunc(u, func(n unknownName) bool { return n.entry != first.entry }) {
		field = fmt.Sprintf("syscalls[%d].names", first.entry)
	}
	return &seccomp.InvalidError{Field: field, Value: u.list(), Reason: fmt.Sprintf(
		"a rule that denies a syscall needs its number, which neither libseccomp %s nor the table of Linux %s has: correct the name, or remove it%s",
		libseccomp.Version(), syscalls.Linux, nearest(first.name))}
}

// nearest returns the end of a message: the native syscall that was probably meant.
func nearest(name string) string {
	native := libseccomp.Native()
	if native == "" {
		return ""
	}
	return mistake.Meant(name, slices.Sorted(maps.Keys(libseccomp.ABI(native).Numbers))...)
}

func (u unknown) list() string {
	var names []string
	seen := map[string]bool{}
	for _, n := range u {
		if !seen[n.name] {
			seen[n.name] = true
			names = append(names, fmt.Sprintf("%q", n.name))
		}
	}
	length := 0
	for i, name := range names {
		if length += len(name) + 2; length > longestList {
			return fmt.Sprintf("%s and %d more", strings.Join(names[:i], ", "), len(names)-i)
		}
	}
	return strings.Join(names, ", ")
}
