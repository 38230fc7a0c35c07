package lint

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/meaning/meaningtest"
	"seccomp-shim/seccomp/seccomptest"
)

// Three ABIs, with a few of their syscalls.
var (
	x8664, x32, i386 = meaningtest.X8664, meaningtest.X32, meaningtest.I386
	// today has syscalls that are newer, or strong.
	today = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "socket": 41, "exit": 60, "ptrace": 101, "exit_group": 231, "statx": 332, "io_uring_setup": 425, "clone3": 435,
		"faccessat2": 439, "mseal": 462}}
)

const deny, allow = `"defaultAction":"SCMP_ACT_ERRNO"`, `"defaultAction":"SCMP_ACT_ALLOW"`

var (
	rules = seccomptest.Rules
	parse = meaningtest.Parse
)

func findings(t *testing.T, p *seccomp.Profile, m *meaning.Meaning, compiled *CompilerReport) []Finding {
	t.Helper()
	all, err := Profile(t.Context(), p, m, compiled)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
