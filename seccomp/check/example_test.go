package check_test

import (
	"context"
	"fmt"
	"log"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
)

// The profile allows write(2) only for descriptor 1, the program for every descriptor.
// Of the calls that differ, Compare returns one for each syscall number.
func ExampleCompare() {
	profile, err := seccomp.Parse([]byte(`{
		"defaultAction": "SCMP_ACT_ERRNO",
		"architectures": ["SCMP_ARCH_AARCH64"],
		"syscalls": [
			{"names": ["read", "execve"], "action": "SCMP_ACT_ALLOW"},
			{"names": ["write"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}
		]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	m := meaning.New(profile, []*meaning.ABI{{
		Name: specs.ArchAARCH64, Arch: bpf.ArchAARCH64,
		Numbers: map[string]uint32{"read": 63, "write": 64, "ptrace": 117, "execve": 221, "clone3": 435},
	}})

	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	a.If(bpf.Equal, uint32(bpf.ArchAARCH64), bpf.Next, "foreign")
	a.Load(bpf.OffsetNr)
	a.If(bpf.Greater, 221, "new", bpf.Next)
	for _, nr := range []uint32{63, 64, 221} {
		a.If(bpf.Equal, nr, "allow", bpf.Next)
	}
	a.Return(bpf.ErrnoOf(1))
	a.Mark("allow")
	a.Return(bpf.Allow)
	a.Mark("new")
	a.Return(bpf.ErrnoOf(38))
	a.Mark("foreign")
	a.Return(bpf.KillThread)
	program, err := a.Program()
	if err != nil {
		log.Fatal(err)
	}

	differences, err := check.Compare(context.Background(), program, m)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range differences {
		fmt.Println(d)
	}
	// Output:
	// aarch64 nr 0x40 args 0x100000000 0x0 0x0 0x0 0x0 0x0: program ALLOW, profile ERRNO(1 operation not permitted)
}
