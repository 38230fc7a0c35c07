package generate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/recording"
)

// seen is what all recordings have in common.
type seen struct {
	native  specs.Arch
	abis    map[specs.Arch]bool
	calls   map[string]*call // by name
	enosys  map[string]bool  // calls that were refused as if the kernel did not have them
	remarks []string
}

// A call is a syscall of any ABI.
type call struct {
	arguments []recording.Argument // empty if its arguments do not decide
	values    map[[recording.MostArguments]recording.Value]uint64
	others    bool   // there were more values than the recordings have
	unseen    string // where it was called so that its arguments are not known
}

// merge adds up the recordings. With initOnly it leaves out the processes that clients have
// executed in the containers.
func merge(sources []Source, initOnly bool) (*seen, error) {
	s := &seen{native: sources[0].Recording.Architecture, abis: map[specs.Arch]bool{}, calls: map[string]*call{}, enosys: map[string]bool{}}
	for _, source := range sources {
		r := source.Recording
		if r.Architecture != s.native {
			return nil, fmt.Errorf("%s is of %s, and %s of %s: make one profile for each architecture", sources[0].Name, s.native, source.Name, r.Architecture)
		}
		for _, gap := range r.Gaps() {
			s.remark("%s: %s", source.Name, gap)
		}
		for _, c := range r.Calls {
			if c.Count > 0 && (!initOnly || c.Process == denials.Init) {
				s.add(source.Name, c)
			}
		}
		for _, d := range r.Refused {
			if strings.HasPrefix(d.Answer, enosysAnswer) && isName(d.Syscall) {
				s.enosys[d.Syscall] = true
				continue
			}
			s.remark("%s: %s was refused ×%d by its %s, and is left out", source.Name, mistake.Line(d.Text), d.Count, mistake.Line(r.Under))
		}
	}
	return s, nil
}

func (s *seen) remark(format string, args ...any) {
	s.remarks = append(s.remarks, fmt.Sprintf(format, args...))
}

func (s *seen) add(source string, c *recording.Call) {
	if c.Syscall == "" {
		s.remark("%s: %d calls of number %s by %s, which has no name, are left out", source, c.Count, number(c), c.ABI)
		return
	}
	s.abis[c.ABI] = true
	if c.Syscall == "socketcall" || c.Syscall == "ipc" {
		s.addBehind(source, c)
		return
	}
	known := s.call(c.Syscall)
	if c.Unseen != "" {
		known.unseen = c.Unseen + " in memory"
	}
	known.others = known.others || c.Others > 0
	if known.arguments == nil {
		known.arguments = slices.Clone(c.Arguments)
	}
	for i := range min(len(known.arguments), len(c.Arguments)) { // narrow ABIs have narrow arguments
		known.arguments[i].Bits = max(known.arguments[i].Bits, c.Arguments[i].Bits)
	}
	for _, v := range c.Values {
		var key [recording.MostArguments]recording.Value
		copy(key[:], v.Args)
		known.values[key] += v.Count
	}
}

// addBehind adds the calls that a multiplexer was called for. A rule for their names is one
// for the multiplexer, too.
func (s *seen) addBehind(source string, c *recording.Call) {
	for _, v := range c.Values {
		name := ""
		if len(v.Args) > 0 {
			name = meaning.Behind(c.Syscall, uint64(v.Args[0]))
		}
		if name == "" {
			s.remark("%s: %d calls of %s for something that does not exist are left out", source, v.Count, c.Syscall)
			continue
		}
		s.call(name).unseen = "arguments of " + c.Syscall + ", in memory"
	}
	if c.Others > 0 {
		s.remark("%s: %d calls of %s for something unknown are left out", source, c.Others, c.Syscall)
	}
}

func (s *seen) call(name string) *call {
	known := s.calls[name]
	if known == nil {
		known = &call{values: map[[recording.MostArguments]recording.Value]uint64{}}
		s.calls[name] = known
	}
	return known
}

func number(c *recording.Call) string {
	if c.Number&recording.Beyond == recording.Beyond {
		return fmt.Sprintf("%d or above", recording.Beyond)
	}
	return fmt.Sprint(c.Number)
}

// entries returns the entries for what was recorded: one for all calls without conditions, and
// one for each recorded combination of the others.
func (s *seen) entries(arguments []string) ([]Entry, error) {
	conditional := map[string]bool{}
	for _, name := range arguments {
		if len(recording.Decisive("", false, name)) == 0 {
			return nil, fmt.Errorf("arguments of %s are not recorded: those of these syscalls are: %s", mistake.Quote(name), strings.Join(recording.DecisiveNames(), ", "))
		}
		known := s.calls[name]
		switch {
		case known == nil:
			s.remark("%s was not called, so there is no rule for its arguments", name)
		case known.unseen != "":
			s.remark("%s is allowed with any arguments: the recording lacks %s", name, known.unseen)
		case known.others:
			s.remark("%s is allowed with any arguments: there were more than %d different ones", name, recording.MostValues)
		default:
			conditional[name] = true
		}
	}
	plain := slices.Sorted(maps.Keys(s.calls))
	plain = slices.DeleteFunc(plain, func(name string) bool { return conditional[name] })
	var all []Entry
	if len(plain) > 0 {
		all = append(all, Entry{Names: plain, Comment: "recorded"})
	}
	for _, name := range slices.Sorted(maps.Keys(conditional)) {
		all = append(all, s.calls[name].rules(name)...)
	}
	return all, nil
}

// rules returns an entry for each combination of values.
func (c *call) rules(name string) (all []Entry) {
	keys := slices.SortedFunc(maps.Keys(c.values), func(a, b [recording.MostArguments]recording.Value) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		entry := Entry{Names: []string{name}, Comment: fmt.Sprintf("recorded ×%d", c.values[key])}
		for i, a := range c.arguments {
			entry.Args = append(entry.Args, condition(a, uint64(key[i])))
		}
		all = append(all, entry)
	}
	return all
}

func condition(a recording.Argument, value uint64) specs.LinuxSeccompArg {
	if a.Bits == 32 {
		return specs.LinuxSeccompArg{Index: a.Index, Value: 1<<32 - 1, ValueTwo: value, Op: specs.OpMaskedEqual}
	}
	return specs.LinuxSeccompArg{Index: a.Index, Value: value, Op: specs.OpEqualTo}
}
