package explain

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/meaning/meaningtest"
	"seccomp-shim/seccomp/seccomptest"
)

// Four ABIs, with a few of their syscalls.
var (
	x8664, x32, i386 = meaningtest.X8664, meaningtest.X32, meaningtest.I386
	s390             = &meaning.ABI{Name: specs.ArchS390X, Arch: bpf.ArchS390X, Numbers: map[string]uint32{"exit": 1, "read": 3, "write": 4}}
)

const deny, allow = `"defaultAction":"SCMP_ACT_ERRNO"`, `"defaultAction":"SCMP_ACT_ALLOW"`

var (
	rules = seccomptest.Rules
	parse = meaningtest.Parse
)

// lines writes an explanation, with one case on a line.
func lines(e *Explanation) []string {
	var all []string
	for _, a := range e.Answers {
		where := fmt.Sprintf("%s %s(%s)", strings.TrimPrefix(string(a.ABI), "SCMP_ARCH_"), a.Name, SyscallNumber(a.Number))
		if a.Through != "" {
			where += " by " + a.Through
		}
		if len(a.Cases) == 0 {
			all = append(all, where+": none")
		}
		for i, c := range a.Cases {
			line := fmt.Sprintf("%s: %v", where, c.Action)
			if c.IfAbove != nil {
				line += fmt.Sprintf(" if above %d", *c.IfAbove)
			}
			if len(c.If) > 0 {
				line += " if " + All(c.If)
			}
			line += "; " + c.Why()
			if i == len(a.Cases)-1 && len(a.Ignored) > 0 {
				line += "; " + Sentence(a.Ignored)
			}
			all = append(all, line)
		}
	}
	return all
}
