package libseccomp

import (
	"testing"

	"seccomp-shim/bpf"
)

func TestSyscallName(t *testing.T) {
	for _, row := range []struct {
		on   bpf.Arch
		nr   uint32
		want string
	}{
		{bpf.ArchX86_64, 59, "execve"},
		{bpf.ArchI386, 11, "execve"},
		{bpf.ArchAARCH64, 221, "execve"},
		{bpf.ArchX86_64, bpf.X32Bit | 1, "write"},
		{bpf.ArchX86_64, 5000, ""},
		{bpf.ArchX86_64, 0xffffffff, ""},
		{bpf.ArchX86_64, 0xffffff9b, ""}, // libseccomp's -101 is socket
		{bpf.ArchI386, bpf.X32Bit | 1, ""},
		{0x12345678, 1, ""},
	} {
		if got := SyscallName(row.on, row.nr); got != row.want {
			t.Errorf("%v %#x is %q, want %q", row.on, row.nr, got, row.want)
		}
	}
}
