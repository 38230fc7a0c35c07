package explain

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A Finding is a property of a profile that its author may not expect.
type Finding struct {
	Level Level  `json:"level"`
	Topic Topic  `json:"kind"`
	Where string `json:"where"` // the field, such as syscalls[0].args[1], or empty
	Text  string `json:"text"`
}

// A Level says how important a finding is.
type Level string

// The levels.
const (
	Warning Level = "warning" // the profile probably does not do what its author wants
	Note    Level = "note"    // information
)

// A Topic is the subject of a finding.
type Topic string

// The topics.
const (
	ExitRefused  Topic = "exit-refused"
	SameArgument Topic = "same-argument"

	ConditionAlways Topic = "condition-always" // holds for every call
	ConditionNever  Topic = "condition-never"
	ValueIgnored    Topic = "value-ignored"

	RuleShadowed Topic = "rule-shadowed"
	RuleLeftOut  Topic = "rule-left-out"
	NameUnknown  Topic = "name-unknown"
	OwnEmission  Topic = "own-emission"
)

const (
	trapped = "a program that cannot end may use all of a CPU without end (kubernetes#85191)"
	killed  = "a program that ends is killed instead, and its exit status is lost"
)

// noExit finds refused syscalls that a program ends with.
func noExit(m *meaning.Meaning) []Finding {
	var all []Finding
	for _, name := range []string{"exit", "exit_group"} {
		refusing := map[bpf.Action][]string{}
		var order []bpf.Action
		for _, abi := range m.ABIs {
			nr, ok := abi.Numbers[name]
			if !ok {
				continue
			}
			first := cases(abi, m.Call(abi.Arch, nr), nr, nil)[0]
			if len(first.If) > 0 || first.Action.MayRun() {
				continue
			}
			if refusing[first.Action] == nil {
				order = append(order, first.Action)
			}
			refusing[first.Action] = append(refusing[first.Action], string(abi.Name))
		}
		for _, action := range order {
			why := trapped
			if kills(action) {
				why = killed
			}
			all = append(all, Finding{Warning, ExitRefused, "syscalls",
				fmt.Sprintf("%s is answered %v on %s: %s", name, action, strings.Join(refusing[action], ", "), why)})
		}
	}
	return all
}

func kills(a bpf.Action) bool {
	return a.Kind() == bpf.KillProcess || a.Kind() == bpf.KillThread || a.Kind() == bpf.Trap
}

// ambiguous finds entries whose meaning is not obvious.
func ambiguous(spec *specs.LinuxSeccomp) []Finding {
	var all []Finding
	for i, entry := range spec.Syscalls {
		if twice := repeated(entry.Args); len(twice) > 0 {
			all = append(all, Finding{Warning, SameArgument, fmt.Sprintf("syscalls[%d].args", i),
				fmt.Sprintf("argument %d has more than one condition, so each of the %d conditions is enough (OR, as in runc)", twice[0], len(entry.Args))})
		}
	}
	return all
}

// ByCompiler returns the findings of the compiler.
func ByCompiler(c CompilerReport) []Finding {
	var all []Finding
	if len(c.Skipped) > 0 {
		all = append(all, Finding{Note, NameUnknown, "syscalls", fmt.Sprintf("libseccomp %s does not know these, nor does the table of newer syscalls, so their rules are left out: %s",
			c.Libseccomp, strings.Join(c.Skipped, ", "))})
	}
	if len(c.Reemitted) > 0 {
		all = append(all, Finding{Note, OwnEmission, "syscalls", fmt.Sprintf("libseccomp %s does not compile these as written, so they are compiled without it: %s",
			c.Libseccomp, strings.Join(c.Reemitted, ", "))})
	}
	return all
}
