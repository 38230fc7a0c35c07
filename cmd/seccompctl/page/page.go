// Package page writes a page of HTML about a profile, for people: its answers by group of
// syscalls, with arguments as they are written in C, its findings, and how it differs from
// another profile. The page is one file that needs no script and no network.
package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/compare"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/lint"
	"seccomp-shim/seccomp/meaning"
)

// A Subject is what a page is about.
type Subject struct {
	Name     string // of the profile, such as its file
	Meaning  *meaning.Meaning
	Facts    [][2]string // names and values
	Findings []lint.Finding
	Against  *Against // nil for none
	// Used says how often a recorded container has made each syscall; nil if there is no
	// recording.
	Used map[string]uint64
}

// Against is the comparison with another profile, which is B.
type Against struct {
	Name     string
	Result   *compare.Result
	Settings []compare.Setting
}

//go:embed page.html
var source string

var document = template.Must(template.New("page").Parse(source))

// Write writes the page.
func Write(w io.Writer, s *Subject) error { return document.Execute(w, newView(s)) }

// A view is what the template shows.
type view struct {
	Name     string
	Facts    [][2]string
	Shares   []share
	Findings []lint.Finding
	Groups   []section
	Against  *comparison
	Used     map[string]uint64
}

// A share says how many syscalls of an ABI are let through, decided by arguments, refused.
type share struct {
	ABI, Border                   string
	Allowed, ByArguments, Refused int
}

// A comparison has the differences from another profile.
type comparison struct {
	Name     string
	Same     bool
	Lists    []differences
	Settings []compare.Setting
}

type differences struct {
	Heading string
	Rows    []difference
}

type difference struct{ ABI, Syscall, A, B, Witness string }

func newView(s *Subject) *view {
	v := &view{Name: mistake.Shown(s.Name), Against: newComparison(s.Against), Used: s.Used}
	for _, fact := range s.Facts {
		v.Facts = append(v.Facts, [2]string{fact[0], mistake.Shown(fact[1])})
	}
	for _, f := range s.Findings {
		f.Text = mistake.Shown(f.Text)
		v.Findings = append(v.Findings, f)
	}
	for _, abi := range explain.Summary(s.Meaning) {
		v.Shares = append(v.Shares, newShare(abi))
	}
	v.Groups = sections(s)
	return v
}

func newShare(abi explain.ABI) share {
	sh := share{ABI: shortABI(abi.Name), Border: "no syscall fails for being newer than the profile"}
	if abi.Highest != "" {
		sh.Border = fmt.Sprintf("numbers above %s (%s) fail with ENOSYS", abi.Highest, explain.SyscallNumber(abi.HighestNumber))
	}
	for _, count := range abi.Counts {
		switch {
		case count.Answer == explain.ByArguments:
			sh.ByArguments += count.Syscalls
		case count.Plain():
			sh.Allowed += count.Syscalls
		default:
			sh.Refused += count.Syscalls
		}
	}
	return sh
}

func newComparison(a *Against) *comparison {
	if a == nil {
		return nil
	}
	c := &comparison{Name: mistake.Shown(a.Name), Same: a.Result.Same() && len(a.Settings) == 0}
	for _, setting := range a.Settings {
		c.Settings = append(c.Settings, compare.Setting{Field: setting.Field, A: mistake.Shown(setting.A), B: mistake.Shown(setting.B)})
	}
	for _, list := range []struct {
		heading string
		found   []compare.Difference
	}{
		{"Only this profile lets through", a.Result.OnlyA},
		{"Only " + c.Name + " lets through", a.Result.OnlyB},
		{"Other answers that differ", a.Result.Otherwise},
	} {
		rows := make([]difference, 0, len(list.found))
		for _, d := range list.found {
			rows = append(rows, difference{shortABI(d.ABI), d.Syscall(), d.A.String(), d.B.String(), d.Witness()})
		}
		if len(rows) > 0 {
			c.Lists = append(c.Lists, differences{list.heading, rows})
		}
	}
	return c
}
