package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/arguments"
	"seccomp-shim/seccomp/compare"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// A section is about the syscalls of a group.
type section struct {
	Name        string
	ByArguments []decided
	Plain       []plain           // what is let through comes first
	Marks       map[string]string // of syscalls that differ from the other profile
}

// A decided syscall is one with an answer that needs more than a word: it depends on
// arguments, or on the ABI.
type decided struct {
	Name  string
	Cases []abiCases
}

// abiCases are the answers on some ABIs.
type abiCases struct {
	ABIs  string
	Lines []string
	cases []explain.Case
}

// A plain answer is one that does not depend on arguments, with its syscalls.
type plain struct {
	Answer    string
	Permitted bool
	Syscalls  []string
}

// sections returns the syscalls of all ABIs, by group.
func sections(s *Subject) []section {
	marks := marksOf(s.Against)
	names := map[string]bool{}
	for _, abi := range s.Meaning.ABIs {
		for name := range abi.Numbers {
			names[name] = true
		}
	}
	byGroup := map[string]*section{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		group := groupOf(name)
		if byGroup[group] == nil {
			byGroup[group] = &section{Name: group, Marks: marks}
		}
		byGroup[group].add(s.Meaning, name)
	}
	for _, found := range byGroup {
		slices.SortStableFunc(found.Plain, func(a, b plain) int {
			switch {
			case a.Permitted == b.Permitted:
				return 0
			case a.Permitted:
				return -1
			}
			return 1
		})
	}
	var all []section
	for _, group := range groups {
		if found := byGroup[group.name]; found != nil {
			all = append(all, *found)
		}
	}
	if others := byGroup[otherGroup]; others != nil {
		all = append(all, *others)
	}
	return all
}

// add adds a syscall where it belongs.
func (s *section) add(m *meaning.Meaning, name string) {
	answers := answersTo(m, name)
	permitted := meaning.Permits(answers[0].cases[0].Action)
	isPlain := !slices.ContainsFunc(answers, func(a abiCases) bool { return len(a.cases) > 1 || meaning.Permits(a.cases[0].Action) != permitted })
	if !isPlain {
		s.ByArguments = append(s.ByArguments, decided{name, answers})
		return
	}
	answer := answers[0].Lines[0]
	if len(answers) > 1 {
		var each []string
		for _, a := range answers {
			each = append(each, a.ABIs+": "+a.Lines[0])
		}
		answer = strings.Join(each, "; ")
	}
	i := slices.IndexFunc(s.Plain, func(p plain) bool { return p.Answer == answer })
	if i < 0 {
		i = len(s.Plain)
		s.Plain = append(s.Plain, plain{Answer: answer, Permitted: permitted})
	}
	s.Plain[i].Syscalls = append(s.Plain[i].Syscalls, name)
}

// answersTo returns the answers to a syscall; ABIs with the same ones are together, with the
// names of the first one's arguments.
func answersTo(m *meaning.Meaning, name string) []abiCases {
	var all []abiCases
	for _, abi := range m.ABIs {
		nr, ok := abi.Numbers[name]
		if !ok {
			continue
		}
		_, cases := explain.Outcomes(m, abi.Arch, nr)
		i := slices.IndexFunc(all, func(a abiCases) bool { return slices.EqualFunc(a.cases, cases, sameCase) })
		if i < 0 {
			all = append(all, abiCases{shortABI(abi.Name), linesOf(abi, nr, cases), cases})
		} else {
			all[i].ABIs += ", " + shortABI(abi.Name)
		}
	}
	return all
}

func sameCase(a, b explain.Case) bool { return a.Action == b.Action && slices.Equal(a.If, b.If) }

func linesOf(abi *meaning.ABIRules, nr uint32, cases []explain.Case) []string {
	var lines []string
	for i, c := range cases {
		var conditions []string
		for _, condition := range c.If {
			conditions = append(conditions, conditionText(abi, nr, condition))
		}
		line := c.Action.String()
		switch {
		case len(conditions) > 0:
			line += " if " + strings.Join(conditions, " and ")
		case i > 0:
			line = "otherwise " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// conditionText writes a condition with the name of the argument, and names of values.
func conditionText(abi *meaning.ABIRules, nr uint32, c explain.Condition) string {
	argument := fmt.Sprintf("arg%d", c.Index)
	known := arguments.Of(abi.Name, abi.SyscallName(nr))
	if int(c.Index) < len(known) && known[c.Index].Name != arguments.Nameless {
		argument = known[c.Index].Name
	}
	value := func(v uint64) string {
		if text, named := denials.ValueText(abi, nr, int(c.Index), v); named {
			return text
		}
		return explain.Value(v)
	}
	if c.Op != specs.OpMaskedEqual {
		return argument + " " + seccomp.Symbol(c.Op) + " " + value(c.Value)
	}
	if c.Value == ^uint64(0) {
		return argument + " == " + value(c.ValueTwo)
	}
	return fmt.Sprintf("%s & (%s) == %s", argument, value(c.Value), value(c.ValueTwo&c.Value))
}

// marksOf returns a mark for each syscall that differs: + if this profile lets a call
// through that the other does not, - for the contrary, both, or ≠.
func marksOf(a *Against) map[string]string {
	marks := map[string]string{}
	if a == nil {
		return marks
	}
	for _, list := range []struct {
		mark  string
		found []compare.Difference
	}{{"+", a.Result.OnlyA}, {"−", a.Result.OnlyB}, {"≠", a.Result.Otherwise}} {
		for _, d := range list.found {
			if d.Name != "" && !strings.Contains(marks[d.Name], list.mark) && (list.mark != "≠" || marks[d.Name] == "") {
				marks[d.Name] += list.mark
			}
		}
	}
	return marks
}

// shortABI returns an ABI's name without its prefix, in small letters.
func shortABI(abi specs.Arch) string {
	return strings.ToLower(strings.TrimPrefix(string(abi), "SCMP_ARCH_"))
}
