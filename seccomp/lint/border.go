package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// replaced are syscalls that C libraries replace by older ones if they fail with ENOSYS, and
// take any other error for the call's own.
var replaced = []string{"clone3", "close_range", "epoll_pwait2", "faccessat2", "fchmodat2", "openat2", "statx"}

// borders finds ABIs on which a single name puts the border of ENOSYS far above the others:
// the syscalls in between get the default action, and without the name they would fail with
// ENOSYS.
func borders(spec *specs.LinuxSeccomp, m *meaning.Meaning) []Finding {
	var found gathering
	for _, abi := range m.ABIs {
		if abi.Open || m.Default.Enforced() == m.Newer.Enforced() { // nothing is new, or all is answered as new
			continue
		}
		named := namedNumbers(spec, abi)
		if len(named) < 2 {
			continue
		}
		second, highest := named[len(named)-2], named[len(named)-1]
		between := namesBetween(abi, second, highest)
		broken := slices.DeleteFunc(slices.Clone(between), func(name string) bool { return !slices.Contains(replaced, name) })
		if len(broken) == 0 {
			continue
		}
		name := abi.SyscallName(highest)
		text := fmt.Sprintf("only %s puts the border of ENOSYS above %s: %s between them, such as %s, are answered %v and not ENOSYS, "+
			"so C libraries do not replace them by older ones; allow them, or refuse them with errnoRet 38",
			name, abi.SyscallName(second), syscallCount(len(between)), strings.Join(broken, ", "), m.Default)
		found.add(string(abi.Name), Finding{Warning, BorderByOne, whereNamed(spec, name), text})
	}
	return found.findings(" (on %s)")
}

func syscallCount(n int) string {
	if n == 1 {
		return "1 syscall"
	}
	return fmt.Sprintf("%d syscalls", n)
}

// namedNumbers returns the numbers of an ABI that the profile names, sorted.
func namedNumbers(spec *specs.LinuxSeccomp, abi *meaning.ABIRules) []uint32 {
	set := map[uint32]bool{}
	for _, entry := range spec.Syscalls {
		for _, name := range entry.Names {
			if nr, ok := abi.Numbers[name]; ok {
				set[nr] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// namesBetween returns the syscalls between two numbers, in their order.
func namesBetween(abi *meaning.ABIRules, low, high uint32) []string {
	var names []string
	for name, nr := range abi.Numbers {
		if nr > low && nr < high {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(abi.Numbers[a], abi.Numbers[b]) })
	return names
}

// whereNamed returns the first place at which the profile names a syscall.
func whereNamed(spec *specs.LinuxSeccomp, name string) string {
	for i, entry := range spec.Syscalls {
		if j := slices.Index(entry.Names, name); j >= 0 {
			return fmt.Sprintf("syscalls[%d].names[%d]", i, j)
		}
	}
	return explain.Entries([]int{0})
}
