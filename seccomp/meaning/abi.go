package meaning

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

// An ABI is a syscall convention as the profile names it, with the numbers of
// its syscalls. x32 and x86_64 are two ABIs of one kernel architecture.
type ABI struct {
	Name specs.Arch
	Arch bpf.Arch
	// Numbers are the direct syscalls by name, without those behind a multiplexer;
	// those of x32 have bpf.X32Bit set.
	Numbers map[string]uint32
}

// SyscallName returns the name of a number, or nothing.
func (a *ABI) SyscallName(nr uint32) string {
	for name, n := range a.Numbers {
		if n == nr {
			return name
		}
	}
	return ""
}

// narrow lists the ABIs whose registers have 32 bits. x32 and n32 are not among
// them.
var narrow = map[specs.Arch]bool{
	specs.ArchX86: true, specs.ArchARM: true, specs.ArchMIPS: true, specs.ArchMIPSEL: true, specs.ArchPPC: true,
	specs.ArchS390: true, specs.ArchPARISC: true, specs.ArchM68K: true, specs.ArchSH: true, specs.ArchSHEB: true,
}

// Wide reports whether arguments have 64 bits. If not, the upper halves that a
// filter sees are not the call's.
func (a *ABI) Wide() bool { return !narrow[a.Name] }

// has reports whether the number is one of this ABI's and not of the other ABI
// of the same architecture.
func (a *ABI) has(nr uint32) bool {
	switch a.Name {
	case specs.ArchX32:
		return isX32(nr)
	case specs.ArchX86_64:
		return !isX32(nr)
	}
	return true
}

// isX32 reports whether x86_64's kernel takes a number for one of x32. The
// number -1, with which a tracer skips a syscall, is none.
func isX32(nr uint32) bool { return nr >= bpf.X32Bit && nr != ^uint32(0) }

// A multiplexer is a syscall whose first argument chooses another one.
type multiplexer struct {
	name  string
	mask  uint64            // the bits of the first argument that choose
	calls map[string]uint64 // what they choose
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
