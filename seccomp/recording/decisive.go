package recording

import "github.com/opencontainers/runtime-spec/specs-go"

// An Argument is an argument of a call whose value decides what the call does.
type Argument struct {
	Index uint `json:"index"`
	// Bits is how many bits of the argument the kernel reads. Values have no others.
	Bits uint `json:"bits"`
}

// MostArguments is how many arguments of a call are recorded.
const MostArguments = 3

// decisive has the arguments that decide, by syscall. The widths are those of the kernel's
// SYSCALL_DEFINE: int and unsigned int have 32 bits, long has 64 on 64-bit ABIs. clone takes
// unsigned long and reads its lower half (kernel/fork.c, lower_32_bits).
var decisive = []struct {
	name string
	args []Argument
}{
	{"arch_prctl", []Argument{{0, 32}}},
	{"bpf", []Argument{{0, 32}}},
	{"clone", []Argument{{0, 32}}},
	{"fcntl", []Argument{{1, 32}}},
	{"fcntl64", []Argument{{1, 32}}},
	{"getsockopt", []Argument{{1, 32}, {2, 32}}},
	{"ioctl", []Argument{{1, 32}}},
	{"ipc", []Argument{{0, 32}}},
	{"keyctl", []Argument{{0, 32}}},
	{"mmap", []Argument{{2, 64}, {3, 64}}},
	{"mmap2", []Argument{{2, 64}, {3, 64}}},
	{"mprotect", []Argument{{2, 64}}},
	{"personality", []Argument{{0, 32}}},
	{"pkey_mprotect", []Argument{{2, 64}}},
	{"prctl", []Argument{{0, 32}}},
	{"ptrace", []Argument{{0, 64}}},
	{"seccomp", []Argument{{0, 32}, {1, 32}}},
	{"setns", []Argument{{1, 32}}},
	{"setsockopt", []Argument{{1, 32}, {2, 32}}},
	{"socket", []Argument{{0, 32}, {1, 32}, {2, 32}}},
	{"socketcall", []Argument{{0, 32}}},
	{"socketpair", []Argument{{0, 32}, {1, 32}, {2, 32}}},
	{"unshare", []Argument{{0, 64}}},
}

// Decisive returns the arguments of a syscall that decide what it does. narrow says that
// the ABI's registers have 32 bits.
func Decisive(abi specs.Arch, narrow bool, syscall string) []Argument {
	if Unseen(abi, syscall) != "" {
		return nil
	}
	for _, d := range decisive {
		if d.name != syscall {
			continue
		}
		args := append([]Argument(nil), d.args...)
		for i := range args {
			if narrow {
				args[i].Bits = 32
			}
		}
		return args
	}
	return nil
}

// Unseen returns what decides about a syscall and is in memory, where no filter reads it.
func Unseen(abi specs.Arch, syscall string) string {
	switch {
	case syscall == "clone3":
		return "flags"
	case syscall == "mmap" && abi == specs.ArchX86: // old_mmap of arch/x86/kernel/sys_ia32.c
		return "prot and flags"
	}
	return ""
}

// DecisiveNames returns the syscalls with arguments that decide, sorted.
func DecisiveNames() []string {
	var all []string
	for _, d := range decisive {
		all = append(all, d.name)
	}
	return all
}
