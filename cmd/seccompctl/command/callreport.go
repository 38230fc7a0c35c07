package command

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/explain"
)

// A callReport is a profile's answer for a call.
type callReport struct {
	*loaded
	explained *explain.Explanation
}

// newCallReport explains a syscall by its name or number. floor is nil if there is none.
func newCallReport(l, floor *loaded, syscall string, args []uint64) (subjectOfExplain, error) {
	e, err := explainCall(l, syscall, args)
	if err != nil {
		return nil, err
	}
	if floor != nil {
		of, err := explainCall(floor, syscall, args)
		if err != nil {
			return nil, err
		}
		e = explain.Together(e, of)
	}
	return &callReport{l, e}, nil
}

func explainCall(l *loaded, syscall string, args []uint64) (*explain.Explanation, error) {
	var e *explain.Explanation
	if nr, err := strconv.ParseUint(syscall, 0, 32); err == nil {
		e = explain.Number(l.profile, l.meaning, uint32(nr), args...)
	} else if e, err = explain.Syscall(l.profile, l.meaning, syscall, args...); err != nil {
		return nil, fmt.Errorf("%s: %w%s", l.origin, err, nearestSyscall(l.meaning, syscall))
	}
	if l.file != nil && l.file.Entries != nil {
		ofFile(e, l.file.Entries)
	}
	return e, nil
}

// ofFile replaces entries of a resolved profile by those of its file in Docker's format.
func ofFile(e *explain.Explanation, entries []int) {
	for _, a := range e.Answers {
		for i, c := range a.Cases {
			if c.Reason == explain.ByRule {
				a.Cases[i].Rule = entries[c.Rule]
			}
		}
		for i, ignored := range a.Ignored {
			a.Ignored[i].Rule = entries[ignored.Rule]
		}
	}
}

func (c *callReport) document() any {
	return struct {
		Profile string `json:"profile"`
		*explain.Explanation
	}{c.origin, c.explained}
}

func (c *callReport) write(w io.Writer, named bool) error {
	if named {
		if _, err := fmt.Fprintf(w, "profile: %s\n", mistake.Shown(c.origin)); err != nil {
			return err
		}
	}
	t := table{{"ABI", "SYSCALL", "ANSWER", "IF", "WHY"}}
	for _, a := range c.explained.Answers {
		if len(a.Cases) == 0 {
			t.row(string(a.ABI), a.Name, "-", "-", "no such syscall")
			continue
		}
		for i, c := range a.Cases {
			why := c.Why()
			if passed := worthTelling(a); i == len(a.Cases)-1 && len(passed) > 0 {
				why += "; " + explain.Sentence(passed)
			}
			t.row(string(a.ABI), syscallText(a), c.Action.String(), ifText(c, i), why)
		}
	}
	others := c.explained.Others
	t.row("others", "-", others.Action.String(), "always", others.Why())
	return t.write(w)
}

// worthTelling returns the ignored rules, without those that do not match if another does.
func worthTelling(a explain.Answer) []explain.IgnoredRule {
	if a.Cases[len(a.Cases)-1].Reason != explain.ByRule {
		return a.Ignored
	}
	return slices.DeleteFunc(slices.Clone(a.Ignored), func(p explain.IgnoredRule) bool { return p.Why == explain.Mismatch })
}

func syscallText(a explain.Answer) string {
	switch {
	case a.Through != "":
		return fmt.Sprintf("%s by %s(%s)", a.Name, a.Through, explain.SyscallNumber(a.Number))
	case a.Name == "":
		return explain.SyscallNumber(a.Number)
	case a.Unknown:
		return a.Name
	}
	return fmt.Sprintf("%s(%s)", a.Name, explain.SyscallNumber(a.Number))
}

func ifText(c explain.Case, position int) string {
	switch {
	case c.IfAbove != nil:
		return "number > " + explain.SyscallNumber(*c.IfAbove)
	case len(c.If) > 0:
		return explain.All(c.If)
	case position > 0:
		return "otherwise"
	}
	return "always"
}
