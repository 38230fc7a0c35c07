package generate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/recording"
)

// Options say which profile is made.
type Options struct {
	Default   specs.LinuxSeccompAction
	Arguments []string          // syscalls whose recorded values alone are allowed
	InitOnly  bool              // calls of processes that were executed later are left out
	Denials   []*denials.Report // what these containers were refused is allowed, too
}

// A Source is a recording with its name in messages.
type Source struct {
	Name      string
	Recording *recording.Recording
}

// A Profile is a generated profile, for any format.
type Profile struct {
	Header        []string // what it was made from, for people
	Default       specs.LinuxSeccompAction
	Architectures []specs.Arch // the native one first
	Entries       []Entry
	Remarks       []string // what a reader must know before using it
}

// An Entry allows syscalls, unless Errno is set: then they fail with it. Names are sorted.
type Entry struct {
	Names   []string
	Args    []specs.LinuxSeccompArg
	Errno   *uint
	Comment string
}

func (e *Entry) action() specs.LinuxSeccompAction {
	if e.Errno != nil {
		return specs.ActErrno
	}
	return specs.ActAllow
}

// defaults are the actions that a profile of allowed calls can have for all others.
var defaults = []specs.LinuxSeccompAction{
	specs.ActErrno, specs.ActKill, specs.ActKillProcess, specs.ActKillThread, specs.ActLog, specs.ActTrap,
}

// CheckDefault refuses an action that cannot be the profile's default.
func CheckDefault(action specs.LinuxSeccompAction) error {
	if slices.Contains(defaults, action) {
		return nil
	}
	var known []string
	for _, d := range defaults {
		known = append(known, string(d))
	}
	return fmt.Errorf("%s: must be one of %s%s", mistake.Quote(string(action)), strings.Join(known, ", "), mistake.Meant(string(action), known...))
}

// From makes a profile.
func From(sources []Source, o Options) (*Profile, error) {
	if len(sources) == 0 {
		return nil, errors.New("no recording")
	}
	seen, err := merge(sources, o.InitOnly)
	if err != nil {
		return nil, err
	}
	p := &Profile{Default: o.Default, Header: headers(sources)}
	entries, err := seen.entries(o.Arguments)
	if err != nil {
		return nil, err
	}
	denied := deniedEntries(o.Denials)
	p.Architectures = seen.architectures()
	p.Remarks = seen.remarks
	p.Entries = slices.Concat(entries, denied, seen.additions(), seen.missing(denied))
	return p, nil
}

// architectures returns the ABIs that were seen, the native one first.
func (s *seen) architectures() []specs.Arch {
	others := slices.Sorted(maps.Keys(s.abis))
	others = slices.DeleteFunc(others, func(a specs.Arch) bool { return a == s.native })
	return append([]specs.Arch{s.native}, others...)
}

// headers describe the recordings.
func headers(sources []Source) []string {
	all := make([]string, 0, len(sources))
	for _, s := range sources {
		r := s.Recording
		line := fmt.Sprintf("%s in namespace %s", mistake.Shown(r.Name()), mistake.Shown(r.Namespace))
		if r.Image != "" {
			line += ", image " + r.Image
		}
		if len(r.Command) > 0 {
			line += ", command " + mistake.Shorten(strings.Join(r.Command, " "))
		}
		line += fmt.Sprintf(": %d calls since %s", r.Total, r.Started.UTC().Format("2006-01-02 15:04:05 MST"))
		if r.LastNew != nil && r.Ended != nil {
			line += fmt.Sprintf(", nothing new in the last %s", max(0, r.Ended.At.Sub(*r.LastNew)).Round(1e9))
		}
		all = append(all, mistake.Line(line+", Linux "+r.Kernel))
	}
	slices.Sort(all)
	return all
}
