package lint

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Three ABIs, with a few of their syscalls.
var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "write": 1, "socket": 41, "clone": 56, "exit": 60, "personality": 135, "exit_group": 231}}
	x32 = &meaning.ABI{Name: specs.ArchX32, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0x40000000, "write": 0x40000001, "personality": 0x40000087}}
	i386 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{
		"exit": 1, "read": 3, "write": 4, "socketcall": 102, "ipc": 117, "personality": 136, "exit_group": 252, "socket": 359}}
	// today has syscalls that are newer, or strong.
	today = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "socket": 41, "exit": 60, "ptrace": 101, "exit_group": 231, "statx": 332, "io_uring_setup": 425, "clone3": 435,
		"faccessat2": 439, "mseal": 462}}
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

func findings(t *testing.T, p *seccomp.Profile, m *meaning.Meaning, compiled *CompilerReport) []Finding {
	t.Helper()
	all, err := Profile(t.Context(), p, m, compiled)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
