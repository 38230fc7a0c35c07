package compile

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Profiles have few different values, so that several rules are about one syscall. Of each
// kind there are values that the compiler treats differently.
var (
	someArchs = []specs.Arch{
		specs.ArchX86, specs.ArchX32, specs.ArchX86_64, // the native one and those that share a kernel with it
		specs.ArchAARCH64, specs.ArchARM, specs.ArchRISCV64,
		specs.ArchS390X, // of the other byte order
	}
	someNames = []string{
		"read", "fchdir", "personality", "clone", // on every architecture or nearly so
		"socket", "socketcall", "accept4", "semop", "ipc", "shmat", // behind multiplexers
		"rt_sigaction", "execve", // other numbers on x32
		"arch_prctl", "mmap2", "clock_gettime64", "riscv_flush_icache", // on some architectures only
		"openat2", "futex_waitv", // new
		"mseal", "uretprobe", // newer than libseccomp 2.5
		"no_such_call",
	}
	someActions = []specs.LinuxSeccompAction{specs.ActErrno, specs.ActAllow, specs.ActKillProcess, specs.ActLog, specs.ActKillThread,
		specs.ActTrap, specs.ActTrace, specs.ActNotify, specs.ActKill}
)

// chosen is the profile that bytes choose.
func chosen(t *testing.T, raw []byte) *seccomp.Profile {
	t.Helper()
	c := seccomptest.Choices(raw)
	p, err := seccomp.New(chosenSpec(&c, someNames))
	if err != nil {
		t.Fatalf("the generator is wrong: %v", err)
	}
	return p
}

// chosenSpec chooses a profile for some syscalls. It is valid as far as that can be known
// without a host.
func chosenSpec(c *seccomptest.Choices, names []string) *specs.LinuxSeccomp {
	spec := &specs.LinuxSeccomp{ListenerPath: "/run/agent.sock"}
	spec.DefaultAction, spec.DefaultErrnoRet = chosenAction(c)
	for range c.UpTo(4) {
		// The first three again: one of the other byte order is refused at once.
		spec.Architectures = append(spec.Architectures, seccomptest.Pick(c, append(someArchs, someArchs[:3]...)))
	}
	spec.Flags = seccomptest.Pick(c, [][]specs.LinuxSeccompFlag{nil, {}, {specs.LinuxSeccompFlagLog}})
	favourite := seccomptest.Pick(c, names)
	for range c.UpTo(8) {
		spec.Syscalls = append(spec.Syscalls, chosenRule(c, names, favourite))
	}
	return spec
}

func chosenRule(c *seccomptest.Choices, names []string, favourite string) specs.LinuxSyscall {
	rule := specs.LinuxSyscall{Names: []string{favourite}}
	switch c.UpTo(8) {
	case 0, 1, 2:
		rule.Names = []string{seccomptest.Pick(c, names)}
	case 3:
		rule.Names = append(rule.Names, names[:c.UpTo(len(names)-1)]...)
	case 4:
		rule.Names = append(rule.Names, crowd[:c.UpTo(len(crowd))]...) // enough for libseccomp to make a tree
	}
	rule.Action, rule.ErrnoRet = chosenAction(c)
	rule.Args = c.Conditions([]uint{0, 0, 1, 1, 2, 3, 4, 5}, seccomp.Operators())
	return rule
}

func chosenAction(c *seccomptest.Choices) (specs.LinuxSeccompAction, *uint) {
	action := seccomptest.Pick(c, someActions)
	errnos := map[specs.LinuxSeccompAction][]uint{
		specs.ActErrno: {1, 0, 38, 4094, 4095},
		specs.ActTrace: {1, 0, 38, 4095, 65535},
	}[action]
	i := c.UpTo(6)
	if i >= len(errnos) {
		return action, nil
	}
	return action, &errnos[i]
}

// crowd are many syscalls that the compiler treats alike.
var crowd = []string{
	"access", "alarm", "capget", "capset", "chdir", "chmod", "chown", "chroot", "close", "creat", "dup", "dup2", "dup3",
	"eventfd", "eventfd2", "exit", "faccessat", "fallocate", "fchmod", "fchmodat", "fchownat", "fdatasync", "fgetxattr",
	"flock", "fork", "fsync", "futex", "getcpu", "getcwd", "getegid", "geteuid", "getgid", "getpgid", "getpgrp", "getpid",
	"getppid", "getpriority", "getrandom", "getrusage", "getsid", "gettid", "getuid", "getxattr", "kill", "link", "linkat",
	"listxattr", "lseek", "lstat", "madvise", "mincore", "mkdir", "mkdirat", "mknod", "mlock", "mount", "mprotect", "mremap",
	"msync", "munmap", "open", "openat", "pause", "pipe", "pipe2", "poll", "ppoll", "prctl", "pread64", "readlink", "rename",
	"rmdir", "sync", "sysinfo", "tee", "tgkill", "times", "tkill", "truncate", "umask", "uname", "unlink", "utime", "vfork",
	"vhangup", "wait4", "waitid", "write", "writev",
}

// A caller makes calls that are most likely to show a difference between a program and a
// meaning: the numbers and constants of both, and their neighbours.
type caller struct {
	*rand.Rand
	meaning *meaning.Meaning
	numbers [][]uint32 // for each ABI
	words   []uint32   // of the program
}

func newCaller(m *meaning.Meaning, p bpf.Program, seed uint64) *caller {
	c := &caller{Rand: rand.New(rand.NewPCG(seed, 0)), meaning: m}
	for _, abi := range m.ABIs {
		numbers := slices.Sorted(maps.Keys(abi.Rules))
		numbers = slices.Concat(numbers, numbers, numbers, []uint32{abi.Highest, abi.Highest + 1, abi.Highest - 1, 0, ^uint32(0)})
		c.numbers = append(c.numbers, numbers)
	}
	for _, in := range p.Instructions() {
		c.words = append(c.words, in.K)
	}
	return c
}

func oneOf[T any](r *caller, from []T) T { return from[r.IntN(len(from))] }

// call returns a call that the kernel may show.
func (r *caller) call() bpf.Data {
	i := r.IntN(len(r.meaning.ABIs))
	d := bpf.Data{Arch: r.meaning.ABIs[i].Arch, Nr: oneOf(r, r.numbers[i])}
	switch r.IntN(16) {
	case 0:
		d.Nr = oneOf(r, r.words) + r.Uint32N(3) - 1
	case 1:
		d.Nr ^= bpf.X32Bit
	case 2:
		d.Nr = oneOf(r, []uint32{0, 1, bpf.X32Bit - 1, bpf.X32Bit, 0x7fffffff, 0x80000000, ^uint32(1), ^uint32(0)})
	case 3:
		d.Arch = oneOf(r, []bpf.Arch{0, bpf.ArchX86_64, bpf.ArchI386, bpf.ArchAARCH64, bpf.ArchS390X, ^bpf.Arch(0)})
	case 4:
		d.Arch = bpf.Arch(oneOf(r, r.words) + r.Uint32N(3) - 1)
	}
	d.InstructionPointer = uint64(oneOf(r, r.words))
	d.Args = r.arguments(d)
	return d
}

// arguments returns arguments on which the action for the number may depend.
func (r *caller) arguments(d bpf.Data) [6]uint64 {
	rules := r.meaning.Call(d.Arch, d.Nr).Rules
	for arg := range d.Args {
		d.Args[arg] = oneOf(r, seccomptest.Halves)<<32 | oneOf(r, seccomptest.Halves)
	}
	// All arguments of one rule, so that it often holds.
	if len(rules) > 0 {
		for _, c := range oneOf(r, rules).Conditions {
			d.Args[c.Index] = r.near(c)
		}
	}
	return d.Args
}

// near returns a value at which a condition begins or ceases to hold, or a value that
// differs from it in one half.
func (r *caller) near(c specs.LinuxSeccompArg) uint64 {
	v := c.Value
	if c.Op == specs.OpMaskedEqual {
		v = c.ValueTwo&c.Value | r.Uint64()&^c.Value // the bits outside of the mask are free
	}
	half := oneOf(r, seccomptest.Halves)
	switch r.IntN(8) {
	case 0:
		return v + 1
	case 1:
		return v - 1
	case 2:
		return v&0xffffffff | half<<32
	case 3:
		return v&^0xffffffff | half
	case 4:
		return v ^ 1<<r.IntN(64)
	}
	return v
}
