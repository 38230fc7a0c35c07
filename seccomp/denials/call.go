package denials

import (
	"fmt"
	"slices"
	"strings"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A Call is a call that the profile refuses.
type Call struct {
	Text    string    `json:"call"` // for people, such as socket(AF_ALG)
	Syscall string    `json:"syscall"`
	Number  uint32    `json:"number"`
	ABI     string    `json:"abi"`
	Args    [6]string `json:"args"` // of the first such call; empty if nobody knows them
	Answer  string    `json:"answer"`
	Rule    string    `json:"rule"` // what decided, such as syscalls[3]
	Why     string    `json:"why"`  // the rule with its conditions
	Probe   bool      `json:"probe,omitempty"`
	Killed  bool      `json:"killed,omitempty"` // the call has killed its thread or process
	// LetThrough says that the call ran, because the floor that refuses it is on trial.
	LetThrough bool `json:"letThrough,omitempty"`
}

func ruleName(index int) string { return fmt.Sprintf("syscalls[%d]", index) }

func hexadecimal(args [6]uint64) (all [6]string) {
	for i, arg := range args {
		all[i] = fmt.Sprintf("%#x", arg)
	}
	return all
}

// callText writes a syscall with the arguments that were examined, such as
// ioctl(_, TIOCSTI).
func callText(name string, abi *meaning.ABIRules, d bpf.Data, examined [6]bool) string {
	last := -1
	for i := range examined {
		if examined[i] {
			last = i
		}
	}
	if last < 0 {
		return name
	}
	index, names, decodes := valueNames(abi, d.Nr)
	texts := make([]string, 0, last+1)
	for i := range last + 1 {
		arg := d.Args[i]
		if !abi.Wide() {
			arg = uint64(uint32(arg))
		}
		switch {
		case !examined[i]:
			texts = append(texts, "_")
		case decodes && i == index:
			texts = append(texts, names(arg))
		default:
			texts = append(texts, fmt.Sprintf("%#x", arg))
		}
	}
	return name + "(" + strings.Join(texts, ", ") + ")"
}

// probes are the syscalls that the C library makes by itself and replaces by older ones when
// they fail with ENOSYS.
var probes = []string{"clone3", "close_range", "faccessat2", "fchmodat2", "rseq", "statx"}

func isProbe(name string, answer bpf.Action) bool {
	const enosys = 38 // MIPS has another number for it: there these calls are reported
	return answer.Enforced() == bpf.ErrnoOf(enosys) && slices.Contains(probes, name)
}
