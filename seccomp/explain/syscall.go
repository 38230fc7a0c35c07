package explain

import (
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

// An Explanation has a profile's answers for a syscall.
type Explanation struct {
	Syscall string   `json:"syscall"`
	Args    []uint64 `json:"args,omitempty"` // the known arguments, from the first on
	Answers []Answer `json:"answers"`        // on each ABI of the profile
	Others  Case     `json:"others"`         // on every other ABI
}

// An Answer is for one ABI and one route to the syscall.
type Answer struct {
	ABI     specs.Arch `json:"abi"`
	Arch    bpf.Arch   `json:"-"`
	Name    string     `json:"name,omitempty"`
	Number  uint32     `json:"number"`
	Unknown bool       `json:"unknown,omitempty"` // no table has the syscall, so there is no number
	Through string     `json:"through,omitempty"` // the multiplexer, if the route has one; Number is that of the multiplexer
	// Cases are the possible actions. The first case whose conditions hold counts, and
	// the last has no conditions. There are no cases if the ABI lacks the syscall.
	Cases []Case `json:"cases"`
	// Ignored are the profile's rules for the syscall that do not count.
	Ignored []IgnoredRule `json:"passed,omitempty"`
}

// Syscall explains the syscall of this name with these first arguments. Later arguments are
// unknown. It returns an error if no ABI of the profile has the syscall and the profile does
// not name it.
func Syscall(p *seccomp.Profile, m *meaning.Meaning, name string, args ...uint64) (*Explanation, error) {
	e := newExplanation(m, name, args)
	found := false
	for _, abi := range m.ABIs {
		routes := abi.Routes(name)
		for _, route := range routes {
			found = true
			e.Answers = append(e.Answers, answer(p.Spec(), m, abi, name, route, args))
		}
		if len(routes) == 0 {
			e.Answers = append(e.Answers, Answer{ABI: abi.Name, Arch: abi.Arch, Name: name, Cases: []Case{}})
		}
	}
	if found {
		return e, nil
	}
	if !named(p.Spec(), name) {
		return nil, fmt.Errorf("syscall %q: unknown on %v", name, abiNames(m))
	}
	e.Answers = nil
	for _, abi := range m.ABIs {
		e.Answers = append(e.Answers, unknown(p.Spec(), m, abi, name))
	}
	return e, nil
}

// Number explains the syscall of this number, as in audit records, on the ABIs that the
// number belongs to.
func Number(p *seccomp.Profile, m *meaning.Meaning, nr uint32, args ...uint64) *Explanation {
	e := newExplanation(m, fmt.Sprint(nr), args)
	for _, abi := range m.ABIs {
		if m.ABI(abi.Arch, nr) == abi {
			e.Answers = append(e.Answers, answer(p.Spec(), m, abi, abi.SyscallName(nr), meaning.Route{Number: nr}, args))
		}
	}
	return e
}

func newExplanation(m *meaning.Meaning, name string, args []uint64) *Explanation {
	const nowhere = ^bpf.Arch(0)
	return &Explanation{Syscall: name, Args: args, Others: Case{Action: m.Call(nowhere, 0).Otherwise, Reason: ForeignABI}}
}

func answer(spec *specs.LinuxSeccomp, m *meaning.Meaning, abi *meaning.ABIRules, name string, route meaning.Route, args []uint64) Answer {
	known := map[uint]uint64{}
	for i, arg := range args {
		if !abi.Wide() {
			arg = uint64(uint32(arg)) // a register has 32 bits
		}
		known[uint(i)] = arg
	}
	if route.Through != "" {
		// The other arguments are in memory, which a filter cannot read.
		known = map[uint]uint64{0: route.Selector}
	}
	a := Answer{ABI: abi.Name, Arch: abi.Arch, Name: name, Number: route.Number, Through: route.Through}
	a.Cases = cases(abi, m.Call(abi.Arch, route.Number), route.Number, known)
	a.Ignored = ignoredRules(spec, m.Default, abi, a, known)
	return a
}

// unknown is the answer for a syscall whose number is not known.
func unknown(spec *specs.LinuxSeccomp, m *meaning.Meaning, abi *meaning.ABIRules, name string) Answer {
	a := Answer{ABI: abi.Name, Arch: abi.Arch, Name: name, Unknown: true}
	if !abi.Open {
		tooNew := newCase(abi, m.Call(abi.Arch, abi.Highest+1).Otherwise)
		tooNew.IfAbove = &abi.Highest
		a.Cases = append(a.Cases, tooNew)
	}
	a.Cases = append(a.Cases, Case{Action: m.Default, Reason: ByDefault})
	for i, entry := range spec.Syscalls {
		if slices.Contains(entry.Names, name) {
			a.Ignored = append(a.Ignored, IgnoredRule{Rule: i, Why: Unknown})
		}
	}
	return a
}

func named(spec *specs.LinuxSeccomp, name string) bool {
	return slices.ContainsFunc(spec.Syscalls, func(s specs.LinuxSyscall) bool { return slices.Contains(s.Names, name) })
}

func abiNames(m *meaning.Meaning) []specs.Arch {
	var names []specs.Arch
	for _, abi := range m.ABIs {
		names = append(names, abi.Name)
	}
	return names
}
