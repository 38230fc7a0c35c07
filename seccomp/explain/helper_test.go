package explain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Four ABIs, with a few of their syscalls.
var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "write": 1, "socket": 41, "clone": 56, "exit": 60, "personality": 135, "exit_group": 231}}
	x32 = &meaning.ABI{Name: specs.ArchX32, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0x40000000, "write": 0x40000001, "personality": 0x40000087}}
	i386 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{
		"exit": 1, "read": 3, "write": 4, "socketcall": 102, "ipc": 117, "personality": 136, "exit_group": 252, "socket": 359}}
	s390 = &meaning.ABI{Name: specs.ArchS390X, Arch: bpf.ArchS390X, Numbers: map[string]uint32{"exit": 1, "read": 3, "write": 4}}
)

const deny, allow = `"defaultAction":"SCMP_ACT_ERRNO"`, `"defaultAction":"SCMP_ACT_ALLOW"`

var rules = seccomptest.Rules

// parse takes a profile's JSON text without the outer braces.
func parse(t *testing.T, text string, abis ...*meaning.ABI) (*seccomp.Profile, *meaning.Meaning) {
	t.Helper()
	p, err := seccomp.Parse([]byte("{" + text + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return p, meaning.New(p, abis)
}

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
