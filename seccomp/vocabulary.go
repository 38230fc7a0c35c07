package seccomp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// flagTsync is not in the OCI spec, but profiles have it, and runc accepts and ignores it.
// It has no effect: only the thread that calls execve survives, so there are no threads
// to synchronise.
const flagTsync specs.LinuxSeccompFlag = "SECCOMP_FILTER_FLAG_TSYNC"

// The vocabulary of the OCI runtime spec, config-linux.md "Seccomp".
//
// A new operator needs a row in operators and in symbols, and then what the tests that
// go through [Operators] ask for: its meaning (meaning.Holds), its questions (package
// check), and its instructions and libseccomp's word for it (package compile).
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

// maxErrno is MAX_ERRNO of include/linux/err.h. The kernel's seccomp returns it in place of
// a higher value.
const maxErrno = 4095

// maxTraceMessage bounds SECCOMP_RET_DATA, the 16 bits that a tracer reads with
// PTRACE_GETEVENTMSG.
const maxTraceMessage = 1<<16 - 1

// maxSyscallArgs is the number of arguments of struct seccomp_data.
const maxSyscallArgs = 6

// maxNameLength is far above the longest syscall name (30 letters).
const maxNameLength = 64

// symbols are the operators as people write them. That of SCMP_CMP_MASKED_EQ compares
// the masked argument.
var symbols = map[specs.LinuxSeccompOperator]string{
	specs.OpNotEqual: "!=", specs.OpLessThan: "<", specs.OpLessEqual: "<=", specs.OpEqualTo: "==",
	specs.OpGreaterEqual: ">=", specs.OpGreaterThan: ">", specs.OpMaskedEqual: "&==",
}

// otherWords are the words of the kernel, uname(1), Go and container images for what OCI
// names differently, without the prefixes.
var otherWords = map[string]string{
	"ARM64": "AARCH64", "AMD64": "X86_64", "X64": "X86_64", "I386": "X86", "I686": "X86", "386": "X86",
	"ARMHF": "ARM", "ARMV7L": "ARM", "PPC64EL": "PPC64LE", "MIPSLE": "MIPSEL", "MIPS64LE": "MIPSEL64", "MIPS64EL": "MIPSEL64",
	"LOONG64": "LOONGARCH64",
	"=":       "EQ", "&": "MASKED_EQ",
	"USER_NOTIF": "NOTIFY",
}

// synonym returns OCI's word, without its prefix, for a word that others use, or nothing.
func synonym(word string) string {
	for operator, symbol := range symbols {
		if symbol == strings.TrimSpace(word) {
			return bare(string(operator))
		}
	}
	return otherWords[bare(word)]
}

// bare returns a word in capitals and without the prefix of its vocabulary, such as
// SCMP_ARCH_ or the kernel's AUDIT_ARCH_.
func bare(word string) string {
	word = strings.ToUpper(strings.TrimSpace(word))
	for _, prefix := range []string{"SCMP_ACT_", "SCMP_CMP_", "SCMP_ARCH_", "AUDIT_ARCH_", "SECCOMP_RET_", "SECCOMP_FILTER_FLAG_"} {
		if rest, found := strings.CutPrefix(word, prefix); found {
			return rest
		}
	}
	return word
}

// known returns nil for a value of the vocabulary. The error for another value names
// what was probably meant.
func known[T ~string](field string, value T, vocabulary []T) error {
	if slices.Contains(vocabulary, value) {
		return nil
	}
	var words []string
	for _, v := range vocabulary {
		words = append(words, bare(string(v)))
	}
	meant := synonym(string(value))
	if meant == "" {
		meant = mistake.Near(bare(string(value)), words...)
	}
	if i := slices.Index(words, meant); i >= 0 {
		return invalid(field, string(value), "did you mean %q? It must be one of %s", vocabulary[i], fmt.Sprint(vocabulary))
	}
	return invalid(field, string(value), "must be one of %s", fmt.Sprint(vocabulary))
}

// knownAction is known for actions. It also recognises the form in which tools print an
// action with its number, such as SCMP_ACT_ERRNO(1).
func knownAction(field, errnoField string, action specs.LinuxSeccompAction) error {
	name, number, printed := strings.Cut(string(action), "(")
	if !printed {
		return known(field, action, actions)
	}
	example := "NUMBER"
	if n, err := strconv.ParseUint(strings.TrimSuffix(number, ")"), 10, 64); err == nil {
		example = fmt.Sprint(n)
	}
	return invalid(field, string(action), `the number belongs into the field %s: write %s and "%s": %s`, errnoField, mistake.Quote(name), errnoField, example)
}

// Flags returns the flags that a profile may have.
func Flags() []specs.LinuxSeccompFlag { return slices.Clone(flags) }

// Operators returns the operators that a condition may have.
func Operators() []specs.LinuxSeccompOperator { return slices.Clone(operators) }

// Symbol returns an operator as people write it, such as <= for SCMP_CMP_LE.
func Symbol(operator specs.LinuxSeccompOperator) string { return symbols[operator] }
