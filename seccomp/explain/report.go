package explain

import (
	"cmp"
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// A Report is about a whole profile.
type Report struct {
	Default  bpf.Action
	ABIs     []ABI
	Findings []Finding
}

// MarshalJSON writes the action as text.
func (r *Report) MarshalJSON() ([]byte, error) {
	return encode(struct {
		Default  string    `json:"default"`
		ABIs     []ABI     `json:"abis"`
		Findings []Finding `json:"findings"`
	}{r.Default.String(), r.ABIs, r.Findings})
}

// An ABI is one of a profile's.
type ABI struct {
	Name specs.Arch `json:"name"`
	Arch string     `json:"arch"` // the kernel's name; x32 is x86_64 to it
	// Highest is the highest syscall that the profile names. Syscalls above it fail with
	// ENOSYS. It is empty if no syscall fails for being new.
	Highest       string  `json:"highest,omitempty"`
	HighestNumber uint32  `json:"highestNumber,omitempty"`
	Counts        []Count `json:"counts"`
}

// A Count is the number of an ABI's syscalls with the same answer.
type Count struct {
	Answer   string `json:"answer"` // an action, or ByArguments
	Reason   Reason `json:"reason"`
	Syscalls int    `json:"syscalls"`
}

// ByArguments is the answer if it depends on a call's arguments.
const ByArguments = "by arguments"

// A CompilerReport has the facts that only the compiler knows.
type CompilerReport struct {
	Libseccomp   string   // its version
	Skipped, Own []string // as in compile.Result
}

// Profile reports on a profile. If compiled is nil, the report has no findings of the
// compiler.
func Profile(p *seccomp.Profile, m *meaning.Meaning, compiled *CompilerReport) *Report {
	r := &Report{Default: m.Default, ABIs: Summary(m), Findings: []Finding{}}
	spec := p.Spec()
	r.Findings = append(r.Findings, noExit(m)...)
	r.Findings = append(r.Findings, ambiguous(spec)...)
	r.Findings = append(r.Findings, constantConditions(spec, m)...)
	r.Findings = append(r.Findings, shadowed(m)...)
	r.Findings = append(r.Findings, leftOut(spec, m.Default)...)
	if compiled != nil {
		r.Findings = append(r.Findings, ByCompiler(*compiled)...)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(b.Level, a.Level) }) // warnings first
	return r
}

// Summary counts a profile's answers for the syscalls of each ABI.
func Summary(m *meaning.Meaning) []ABI {
	var all []ABI
	for _, abi := range m.ABIs {
		counts := map[Count]int{}
		for _, nr := range abi.Numbers {
			counts[counted(m, abi, nr)]++
		}
		a := ABI{Name: abi.Name, Arch: abi.Arch.String()}
		for _, count := range slices.SortedFunc(maps.Keys(counts), func(a, b Count) int {
			return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Answer, b.Answer))
		}) {
			count.Syscalls = counts[count]
			a.Counts = append(a.Counts, count)
		}
		if !abi.Open {
			a.Highest, a.HighestNumber = abi.SyscallName(abi.Highest), abi.Highest
		}
		all = append(all, a)
	}
	return all
}

// counted returns the Count that a syscall belongs to.
func counted(m *meaning.Meaning, abi *meaning.ABIRules, nr uint32) Count {
	first := cases(abi, m.Call(abi.Arch, nr), nr, nil)[0]
	if len(first.If) > 0 {
		return Count{Answer: ByArguments, Reason: ByRule}
	}
	return Count{Answer: first.Action.String(), Reason: first.Reason}
}
