package bpf_test

import (
	"fmt"

	"seccomp-shim/bpf"
)

// Syscalls that are newer than the profile fail with ENOSYS, so that programs use older
// ones. Those of other architectures kill the process.
func ExampleAssembler() {
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	a.If(bpf.Equal, uint32(bpf.ArchAARCH64), bpf.Next, "kill")
	a.Load(bpf.OffsetNr)
	a.If(bpf.Greater, 450, "new", bpf.Next)
	a.Return(bpf.Allow)
	a.Mark("new")
	a.Return(bpf.ErrnoOf(38))
	a.Mark("kill")
	a.Return(bpf.KillProcess)
	p, err := a.Program()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(p)
	fmt.Println(p.Run(bpf.Data{Nr: 451, Arch: bpf.ArchAARCH64}))
	// Output:
	// 0000: ld    A = arch
	// 0001: jeq   if arch != aarch64 goto 0006
	// 0002: ld    A = nr
	// 0003: jgt   if nr > 450 goto 0005
	// 0004: ret   ALLOW
	// 0005: ret   ERRNO(38 function not implemented)
	// 0006: ret   KILL_PROCESS
	// ERRNO(38 function not implemented)
}
