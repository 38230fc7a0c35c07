// Package meaningtest has ABIs with a few syscalls, for tests of what profiles mean.
package meaningtest

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// The ABIs of x86, with a few of their syscalls.
var (
	X8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "write": 1, "socket": 41, "clone": 56, "exit": 60, "personality": 135, "exit_group": 231}}
	X32 = &meaning.ABI{Name: specs.ArchX32, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0x40000000, "write": 0x40000001, "personality": 0x40000087}}
	I386 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{
		"exit": 1, "read": 3, "write": 4, "socketcall": 102, "ipc": 117, "personality": 136, "exit_group": 252, "socket": 359}}
)

// Parse takes a profile's JSON text without the outer braces.
func Parse(t *testing.T, text string, abis ...*meaning.ABI) (*seccomp.Profile, *meaning.Meaning) {
	t.Helper()
	p, err := seccomp.Parse([]byte("{" + text + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return p, meaning.New(p, abis)
}
