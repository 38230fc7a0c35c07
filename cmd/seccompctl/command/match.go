package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/libseccomp"
)

// A match is the result of comparing a program with a profile.
type match struct {
	Profile string `json:"profile"`
	Equal   bool   `json:"equal"`
	// Differences are calls for which the program has another action than the profile, one
	// for each syscall. Those that the program lets through come first.
	Differences []string `json:"differences"`
}

// compare compares each program with the profile. The verdict is nil if one of them decides
// as the profile means.
func (in *inspection) compare(cmd *cobra.Command, subjects []subject) (verdict, err error) {
	l, err := in.load(cmd, in.profile)
	if err != nil {
		return nil, err
	}
	m, err := in.floor.over(cmd, l.meaning, in.observe.mode)
	if err != nil {
		return nil, err
	}
	origin := l.origin
	if in.floor.file != "" {
		origin += " over the floor " + in.floor.file
	}
	verdict = fmt.Errorf("no program decides as %s says", origin)
	for i := range subjects {
		differences, err := check.Compare(cmd.Context(), subjects[i].program, m)
		if err != nil {
			return nil, fmt.Errorf("%s: compare with %s: %w", subjects[i].name, origin, err)
		}
		slices.SortStableFunc(differences, func(a, b check.Difference) int {
			switch {
			case a.Weakens() == b.Weakens():
				return 0
			case a.Weakens():
				return -1
			}
			return 1
		})
		found := &match{Profile: origin, Equal: len(differences) == 0, Differences: []string{}}
		for _, d := range differences {
			text := d.String()
			if name := libseccomp.SyscallName(d.Call.Arch, d.Call.Nr); name != "" {
				text = name + ": " + text
			}
			found.Differences = append(found.Differences, text)
		}
		if found.Equal {
			verdict = nil
		}
		subjects[i].match = found
	}
	return verdict, nil
}

// maxDifferences is how many differences the text shows. JSON has all.
const maxDifferences = 10

func writeInspectedText(w io.Writer, subjects []subject) error {
	var errs []error
	for i, s := range subjects {
		d := describe(s.program)
		facts := table{
			{"program:", mistake.Shown(s.name)},
			{"instructions:", fmt.Sprint(d.Instructions)},
			{"sha256:", d.SHA256},
			{"architectures:", strings.Join(d.Architectures, ", ")},
			{"actions:", strings.Join(d.Actions, ", ")},
		}
		if s.logs != nil {
			facts.row("logs:", fmt.Sprint(*s.logs))
		}
		if s.match != nil {
			facts.row("profile:", mistake.Shown(s.match.Profile))
			facts.row("equal:", fmt.Sprint(s.match.Equal))
			for n, difference := range s.match.Differences {
				if n == maxDifferences {
					facts.row("difference:", fmt.Sprintf("and %d more, see -o json", len(s.match.Differences)-n))
					break
				}
				facts.row("difference:", difference)
			}
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		errs = append(errs, facts.write(w))
		fmt.Fprintln(w)
		errs = append(errs, s.program.Disassemble(w, libseccomp.SyscallName))
	}
	return errors.Join(errs...)
}

// inspectFormat is the version of the JSON document of inspect.
const inspectFormat = 1

func writeInspectedJSON(w io.Writer, subjects []subject) error {
	type document struct {
		Name  string `json:"name"`
		Logs  *bool  `json:"logs,omitempty"`
		Match *match `json:"match,omitempty"`
		summary
		Assembly []string `json:"assembly"`
	}
	all := []document{}
	for _, s := range subjects {
		var text strings.Builder
		if err := s.program.Disassemble(&text, libseccomp.SyscallName); err != nil {
			return err
		}
		all = append(all, document{s.name, s.logs, s.match, describe(s.program), strings.Split(strings.TrimSpace(text.String()), "\n")})
	}
	return writeJSON(w, struct {
		Format   int        `json:"format"`
		Programs []document `json:"programs"`
	}{inspectFormat, all})
}
