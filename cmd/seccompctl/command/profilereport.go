package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/lint"
)

// A profileReport is about a whole profile.
type profileReport struct {
	*loaded
	result   *compile.Result // nil if the profile cannot be compiled
	refused  error           // why the shim refuses it
	abis     []explain.ABI
	findings []lint.Finding
}

// newReport reports on a profile. It also compiles the profile, because only the compiler
// finds out whether it can be enforced. The error says why it cannot; there is a report
// nevertheless, unless the context has ended.
func newReport(ctx context.Context, l *loaded) (subjectOfExplain, error) {
	r, err := examine(ctx, l)
	if err != nil {
		return nil, err
	}
	return r, r.refused
}

func examine(ctx context.Context, l *loaded) (*profileReport, error) {
	r := &profileReport{loaded: l, abis: explain.Summary(l.meaning)}
	var compiled *lint.CompilerReport
	result, refused := compile.Translate(ctx, l.profile)
	if refused == nil {
		says := compilerSays(result)
		compiled, r.result = &says, result
	}
	if err := errors.Join(refused, compile.CheckExecve(l.meaning)); err != nil {
		r.refused = l.at(err)
	}
	found, err := lint.Profile(ctx, l.profile, l.meaning, compiled)
	for i := range found {
		found[i].Where, found[i].Text = l.field(found[i].Where), l.field(found[i].Text)
	}
	if l.file != nil {
		found = append(lint.Conditions(l.file), found...)
	}
	r.findings = found
	return r, err
}

// write writes facts, counts, findings, and the syscalls that are not let through for all
// arguments.
func (r *profileReport) write(w io.Writer, _ bool) error {
	facts := table{
		{"profile:", mistake.Shown(r.origin)},
		{"default:", r.meaning.Default.String()},
		{"libseccomp:", libseccomp.Version()},
	}
	if r.result != nil {
		facts.row("flags:", strings.Join(compile.FlagNames(r.result.Flags), ", "))
		facts.row("instructions:", fmt.Sprintf("%d of %d", r.result.Program.Len(), bpf.MaxInstructions))
	}
	if r.refused != nil {
		facts.row("refused:", mistake.Shown(r.refused.Error()))
	}
	for _, abi := range r.abis {
		newest := "nothing is answered as too new"
		if abi.Highest != "" {
			newest = fmt.Sprintf("newest named syscall is %s(%s)", abi.Highest, explain.SyscallNumber(abi.HighestNumber))
		}
		facts.row("abi:", fmt.Sprintf("%s, %s", abi.Name, newest))
	}
	counts := table{{"ABI", "ANSWER", "REASON", "SYSCALLS"}}
	for _, abi := range r.abis {
		for _, count := range abi.Counts {
			counts.row(string(abi.Name), count.Answer, string(count.Reason), fmt.Sprint(count.Syscalls))
		}
	}
	errs := []error{facts.write(w)}
	if len(counts) > 1 {
		fmt.Fprintln(w)
		errs = append(errs, counts.write(w))
	}
	if len(r.findings) > 0 {
		fmt.Fprintln(w)
		errs = append(errs, findingsTable(r.findings).write(w))
	}
	return errors.Join(append(errs, r.writeCalls(w))...)
}

// writeCalls lists the syscalls that are refused, and the conditions of those that depend on
// arguments.
func (r *profileReport) writeCalls(w io.Writer) error {
	var text strings.Builder
	for i, abi := range r.abis {
		for _, count := range abi.Counts {
			switch {
			case count.Answer == explain.ByArguments:
				fmt.Fprintf(&text, "\n%s, by arguments:\n", abi.Name)
				for _, name := range count.Names {
					_, cases := explain.Outcomes(r.meaning, r.meaning.ABIs[i].Arch, r.meaning.ABIs[i].Numbers[name])
					fmt.Fprintf(&text, "  %s: %s\n", name, casesText(cases))
				}
			case !count.Plain():
				fmt.Fprintf(&text, "\n%s, %s (%s):\n", abi.Name, count.Answer, count.Reason)
				text.WriteString(wrapped(count.Names))
			}
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// casesText writes what decides a syscall, on one line.
func casesText(cases []explain.Case) string {
	var texts []string
	for i, c := range cases {
		text := c.Action.String()
		if condition := ifText(c, i); condition == "otherwise" {
			text = "otherwise " + text
		} else {
			text += " if " + condition
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

const textWidth = 100

// wrapped writes words on lines that fit a terminal.
func wrapped(words []string) string {
	const indent = "  "
	text, line := "", indent
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+1+len(word) > textWidth {
			text, line = text+line+"\n", indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return text + line + "\n"
}

func findingsTable(findings []lint.Finding) table {
	t := table{{"LEVEL", "FINDING", "WHERE", "TEXT"}}
	for _, f := range findings {
		t.row(string(f.Level), string(f.Topic), f.Where, f.Text)
	}
	return t
}

func (r *profileReport) document() any {
	type report struct {
		Default  string         `json:"default"`
		ABIs     []explain.ABI  `json:"abis"`
		Findings []lint.Finding `json:"findings"`
	}
	document := struct {
		Profile      string   `json:"profile"`
		Libseccomp   string   `json:"libseccomp"`
		Refused      string   `json:"refused,omitempty"`
		Flags        []string `json:"flags,omitempty"`
		Instructions int      `json:"instructions,omitempty"`
		Report       report   `json:"report"`
	}{Profile: r.origin, Libseccomp: libseccomp.Version(), Report: report{r.meaning.Default.String(), r.abis, r.findings}}
	if r.refused != nil {
		document.Refused = r.refused.Error()
	}
	if r.result != nil {
		document.Flags, document.Instructions = compile.FlagNames(r.result.Flags), r.result.Program.Len()
	}
	return document
}
