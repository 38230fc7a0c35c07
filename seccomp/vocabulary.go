package seccomp

import (
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// flagTsync is not in the OCI spec, but runc accepts and ignores it, and
// profiles carry it: only the thread that calls execve survives, so there is
// nothing to synchronise.
const flagTsync specs.LinuxSeccompFlag = "SECCOMP_FILTER_FLAG_TSYNC"

// The vocabulary of the OCI runtime spec, config-linux.md "Seccomp".
var (
	actions = []specs.LinuxSeccompAction{
		specs.ActKill, specs.ActKillProcess, specs.ActKillThread, specs.ActTrap, specs.ActErrno,
		specs.ActTrace, specs.ActAllow, specs.ActLog, specs.ActNotify,
	}
	operators = []specs.LinuxSeccompOperator{
		specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpEqualTo,
		specs.OpGreaterEqual, specs.OpGreaterThan, specs.OpMaskedEqual,
	}
	architectures = []specs.Arch{
		specs.ArchX86, specs.ArchX86_64, specs.ArchX32, specs.ArchARM, specs.ArchAARCH64,
		specs.ArchMIPS, specs.ArchMIPS64, specs.ArchMIPS64N32,
		specs.ArchMIPSEL, specs.ArchMIPSEL64, specs.ArchMIPSEL64N32,
		specs.ArchPPC, specs.ArchPPC64, specs.ArchPPC64LE, specs.ArchS390, specs.ArchS390X,
		specs.ArchPARISC, specs.ArchPARISC64, specs.ArchRISCV64, specs.ArchLOONGARCH64,
		specs.ArchM68K, specs.ArchSH, specs.ArchSHEB,
	}
	flags = []specs.LinuxSeccompFlag{
		flagTsync, specs.LinuxSeccompFlagLog, specs.LinuxSeccompFlagSpecAllow, specs.LinuxSeccompFlagWaitKillableRecv,
	}
)

// DefaultErrno is the error number of SCMP_ACT_ERRNO, and the message of
// SCMP_ACT_TRACE, when the profile names none: EPERM, as the OCI spec says.
const DefaultErrno = 1

// maxErrno is MAX_ERRNO of include/linux/err.h: above it, the kernel's seccomp
// caps the value it returns, and user space does not see an error number.
const maxErrno = 4095

// maxTraceMessage bounds SECCOMP_RET_DATA, the 16 bits that a tracer reads with
// PTRACE_GETEVENTMSG.
const maxTraceMessage = 1<<16 - 1

// maxSyscallArgs is the number of arguments of struct seccomp_data.
const maxSyscallArgs = 6

// maxNameLength is far above the longest syscall name (30 letters).
const maxNameLength = 64

// known reports a value outside its vocabulary.
func known[T ~string](field string, value T, vocabulary []T) error {
	if slices.Contains(vocabulary, value) {
		return nil
	}
	return invalid(field, string(value), "must be one of %s", fmt.Sprint(vocabulary))
}

// Flags are the flags that a profile may have.
func Flags() []specs.LinuxSeccompFlag { return slices.Clone(flags) }
