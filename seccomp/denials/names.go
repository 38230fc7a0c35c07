package denials

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/meaning"
)

// valueNames returns the argument of a syscall that has names for its values, and the function
// that writes it.
func valueNames(abi *meaning.ABIRules, nr uint32) (index int, write func(uint64) string, ok bool) {
	name := abi.SyscallName(nr)
	switch name {
	case "socket", "socketpair":
		return 0, oneOf(families), true
	case "ioctl":
		return 1, oneOf(ioctls), true
	case "prctl":
		return 0, oneOf(prctls), true
	case "ptrace":
		return 0, oneOf(ptraces), true
	case "bpf":
		return 0, oneOf(bpfs), true
	case "unshare":
		return 0, cloneFlags, true
	case "setns":
		return 1, cloneFlags, true
	case "clone":
		if abi.Name == specs.ArchS390 || abi.Name == specs.ArchS390X { // clone(2), CONFIG_CLONE_BACKWARDS2
			return 1, cloneFlags, true
		}
		return 0, cloneFlags, true
	case "socketcall", "ipc":
		return 0, func(v uint64) string {
			if call := meaning.Behind(name, v); call != "" {
				return call
			}
			return fmt.Sprintf("%#x", v)
		}, true
	}
	return 0, nil, false
}

// ValueText writes a value of a syscall's argument by its name, or by those of its bits, and
// reports whether it has any.
func ValueText(abi *meaning.ABIRules, nr uint32, index int, value uint64) (string, bool) {
	named, write, ok := valueNames(abi, nr)
	if !ok || named != index || value>>32 != 0 {
		return "", false
	}
	text := write(value)
	return text, !strings.HasPrefix(text, "0x")
}

// A valueName is the name of a value. The tables are no maps, because a map is made at each
// start of the shim.
type valueName struct {
	value uint32
	name  string
}

// oneOf writes a value of an int argument: the kernel ignores the upper half.
func oneOf(names []valueName) func(uint64) string {
	return func(v uint64) string {
		if i := slices.IndexFunc(names, func(n valueName) bool { return n.value == uint32(v) }); i >= 0 {
			return names[i].name
		}
		return fmt.Sprintf("%#x", uint32(v))
	}
}

// cloneFlags writes CLONE_* flags. The lowest byte is the signal at the exit of the child.
func cloneFlags(v uint64) string {
	var all []string
	for bit, name := range cloneBits {
		if flag := uint64(1) << bit; name != "" && v&flag != 0 {
			all = append(all, name)
			v &^= flag
		}
	}
	if v != 0 || len(all) == 0 {
		all = append(all, fmt.Sprintf("%#x", v))
	}
	return strings.Join(all, "|")
}

// <linux/sched.h>. CLONE_NEWTIME has a bit of the signal, for unshare(2) and setns(2) only.
var cloneBits = [64]string{
	8: "CLONE_VM", 9: "CLONE_FS", 10: "CLONE_FILES", 11: "CLONE_SIGHAND", 12: "CLONE_PIDFD", 13: "CLONE_PTRACE",
	14: "CLONE_VFORK", 15: "CLONE_PARENT", 16: "CLONE_THREAD", 17: "CLONE_NEWNS", 18: "CLONE_SYSVSEM", 19: "CLONE_SETTLS",
	20: "CLONE_PARENT_SETTID", 21: "CLONE_CHILD_CLEARTID", 22: "CLONE_DETACHED", 23: "CLONE_UNTRACED",
	24: "CLONE_CHILD_SETTID", 25: "CLONE_NEWCGROUP", 26: "CLONE_NEWUTS", 27: "CLONE_NEWIPC", 28: "CLONE_NEWUSER",
	29: "CLONE_NEWPID", 30: "CLONE_NEWNET", 31: "CLONE_IO", 7: "CLONE_NEWTIME",
}

// <linux/socket.h>.
var families = []valueName{
	{0, "AF_UNSPEC"}, {1, "AF_UNIX"}, {2, "AF_INET"}, {3, "AF_AX25"}, {4, "AF_IPX"}, {5, "AF_APPLETALK"}, {8, "AF_ATMPVC"},
	{9, "AF_X25"}, {10, "AF_INET6"}, {15, "AF_KEY"}, {16, "AF_NETLINK"}, {17, "AF_PACKET"}, {20, "AF_ATMSVC"}, {21, "AF_RDS"},
	{23, "AF_IRDA"}, {24, "AF_PPPOX"}, {26, "AF_LLC"}, {27, "AF_IB"}, {28, "AF_MPLS"}, {29, "AF_CAN"}, {30, "AF_TIPC"},
	{31, "AF_BLUETOOTH"}, {33, "AF_RXRPC"}, {36, "AF_IEEE802154"}, {37, "AF_CAIF"}, {38, "AF_ALG"}, {39, "AF_NFC"},
	{40, "AF_VSOCK"}, {41, "AF_KCM"}, {42, "AF_QIPCRTR"}, {43, "AF_SMC"}, {44, "AF_XDP"}, {45, "AF_MCTP"},
}

// The commands that profiles deny or programs probe, by the numbers of most architectures
// (<asm-generic/ioctls.h> and others).
var ioctls = []valueName{
	{0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"}, {0x5404, "TCSETSF"}, {0x540e, "TIOCSCTTY"}, {0x540f, "TIOCGPGRP"},
	{0x5410, "TIOCSPGRP"}, {0x5412, "TIOCSTI"}, {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"},
	{0x541c, "TIOCLINUX"}, {0x541d, "TIOCCONS"}, {0x5421, "FIONBIO"}, {0x5422, "TIOCNOTTY"}, {0x5451, "FIOCLEX"},
	{0x8912, "SIOCGIFCONF"}, {0x8913, "SIOCGIFFLAGS"}, {0x8914, "SIOCSIFFLAGS"}, {0x8915, "SIOCGIFADDR"}, {0x8916, "SIOCSIFADDR"},
	{0x8933, "SIOCGIFINDEX"}, {0x40049409, "FICLONE"}, {0x80086601, "FS_IOC_GETFLAGS"}, {0x40086602, "FS_IOC_SETFLAGS"},
	{0xae00, "KVM_GET_API_VERSION"}, {0x400454ca, "TUNSETIFF"}, {0xc0045878, "FITHAW"}, {0xc0045877, "FIFREEZE"},
}

// <linux/prctl.h>.
var prctls = []valueName{
	{1, "PR_SET_PDEATHSIG"}, {3, "PR_GET_DUMPABLE"}, {4, "PR_SET_DUMPABLE"}, {8, "PR_SET_KEEPCAPS"}, {15, "PR_SET_NAME"},
	{16, "PR_GET_NAME"}, {21, "PR_GET_SECCOMP"}, {22, "PR_SET_SECCOMP"}, {23, "PR_CAPBSET_READ"}, {24, "PR_CAPBSET_DROP"},
	{28, "PR_SET_SECUREBITS"}, {29, "PR_SET_TIMERSLACK"}, {35, "PR_SET_MM"}, {36, "PR_SET_CHILD_SUBREAPER"},
	{38, "PR_SET_NO_NEW_PRIVS"}, {39, "PR_GET_NO_NEW_PRIVS"}, {41, "PR_SET_THP_DISABLE"}, {47, "PR_CAP_AMBIENT"},
	{52, "PR_GET_SPECULATION_CTRL"}, {53, "PR_SET_SPECULATION_CTRL"}, {62, "PR_SCHED_CORE"}, {65, "PR_SET_MDWE"},
	{0x53564d41, "PR_SET_VMA"}, {0x59616d61, "PR_SET_PTRACER"},
}

// <linux/ptrace.h>.
var ptraces = []valueName{
	{0, "PTRACE_TRACEME"}, {1, "PTRACE_PEEKTEXT"}, {2, "PTRACE_PEEKDATA"}, {4, "PTRACE_POKETEXT"}, {5, "PTRACE_POKEDATA"},
	{7, "PTRACE_CONT"}, {8, "PTRACE_KILL"}, {16, "PTRACE_ATTACH"}, {17, "PTRACE_DETACH"}, {24, "PTRACE_SYSCALL"},
	{0x4200, "PTRACE_SETOPTIONS"}, {0x4206, "PTRACE_SEIZE"}, {0x4207, "PTRACE_INTERRUPT"},
}

// enum bpf_cmd of <linux/bpf.h>.
var bpfs = []valueName{
	{0, "BPF_MAP_CREATE"}, {1, "BPF_MAP_LOOKUP_ELEM"}, {2, "BPF_MAP_UPDATE_ELEM"}, {5, "BPF_PROG_LOAD"}, {6, "BPF_OBJ_PIN"},
	{7, "BPF_OBJ_GET"}, {8, "BPF_PROG_ATTACH"}, {15, "BPF_OBJ_GET_INFO_BY_FD"}, {18, "BPF_BTF_LOAD"}, {28, "BPF_LINK_CREATE"},
}
