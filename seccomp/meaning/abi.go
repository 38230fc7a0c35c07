package meaning

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

// An ABI is a syscall convention that a profile can name, with the numbers of its
// syscalls. x32 and x86_64 are two ABIs of one kernel architecture.
type ABI struct {
	Name specs.Arch
	Arch bpf.Arch
	// Numbers has the syscalls by name, without those that are only behind a
	// multiplexer. Numbers of x32 have bpf.X32Bit set.
	Numbers map[string]uint32
}

// SyscallName returns the name of a syscall number, or "".
func (a *ABI) SyscallName(nr uint32) string {
	for name, n := range a.Numbers {
		if n == nr {
			return name
		}
	}
	return ""
}

// narrow has the ABIs whose registers have 32 bits. Those of x32 and n32 have 64.
var narrow = map[specs.Arch]bool{
	specs.ArchX86: true, specs.ArchARM: true, specs.ArchMIPS: true, specs.ArchMIPSEL: true, specs.ArchPPC: true,
	specs.ArchS390: true, specs.ArchPARISC: true, specs.ArchM68K: true, specs.ArchSH: true, specs.ArchSHEB: true,
}

// Wide reports whether arguments have 64 bits. If not, the upper halves that a filter sees
// are not part of the call.
func (a *ABI) Wide() bool { return !narrow[a.Name] }

// has reports whether a number of the ABI's architecture belongs to this ABI.
func (a *ABI) has(nr uint32) bool {
	switch a.Name {
	case specs.ArchX32:
		return isX32(nr)
	case specs.ArchX86_64:
		return !isX32(nr)
	}
	return true
}

// isX32 reports whether the kernel of x86_64 takes a number for one of x32. It does not do
// so for -1, the number that a tracer sets to skip a syscall.
func isX32(nr uint32) bool { return nr >= bpf.X32Bit && nr != ^uint32(0) }

// A multiplexer is a syscall whose first argument chooses another syscall.
type multiplexer struct {
	name  string
	mask  uint64            // the bits of the first argument that choose
	calls map[string]uint64 // the value of these bits for each syscall
}

var multiplexers = []multiplexer{
	// SYS_* of <linux/net.h>. The first argument is an int (net/socket.c).
	{"socketcall", 0xffffffff, map[string]uint64{
		"socket": 1, "bind": 2, "connect": 3, "listen": 4, "accept": 5, "getsockname": 6, "getpeername": 7,
		"socketpair": 8, "send": 9, "recv": 10, "sendto": 11, "recvfrom": 12, "shutdown": 13, "setsockopt": 14,
		"getsockopt": 15, "sendmsg": 16, "recvmsg": 17, "accept4": 18, "recvmmsg": 19, "sendmmsg": 20,
	}},
	// <linux/ipc.h>. ksys_ipc (ipc/syscall.c) takes the upper half for a version.
	{"ipc", 0xffff, map[string]uint64{
		"semop": 1, "semget": 2, "semctl": 3, "semtimedop": 4, "msgsnd": 11, "msgrcv": 12, "msgget": 13,
		"msgctl": 14, "shmat": 21, "shmdt": 22, "shmget": 23, "shmctl": 24,
	}},
}

// Multiplexed reports whether some ABI has a syscall behind a multiplexer.
func Multiplexed(name string) bool {
	return slices.ContainsFunc(multiplexers, func(m multiplexer) bool {
		_, ok := m.calls[name]
		return ok
	})
}
