package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
)

// writeReportText writes three tables: facts, counts and findings. result is nil if the
// profile cannot be compiled; refused is the reason.
func writeReportText(w io.Writer, r *explain.Report, origin string, result *compile.Result, refused error) error {
	facts := table{
		{"profile:", mistake.Shown(origin)},
		{"default:", r.Default.String()},
		{"libseccomp:", compile.LibraryVersion()},
	}
	if result != nil {
		facts.row("flags:", strings.Join(compile.FlagNames(result.Flags), ", "))
		facts.row("instructions:", fmt.Sprintf("%d of %d", result.Program.Len(), bpf.MaxInstructions))
	}
	if refused != nil {
		facts.row("refused:", refused.Error())
	}
	for _, abi := range r.ABIs {
		newest := "nothing is answered as too new"
		if abi.Highest != "" {
			newest = fmt.Sprintf("newest named syscall is %s(%s)", abi.Highest, explain.SyscallNumber(abi.HighestNumber))
		}
		facts.row("abi:", fmt.Sprintf("%s, %s", abi.Name, newest))
	}
	counts := table{{"ABI", "ANSWER", "REASON", "SYSCALLS"}}
	for _, abi := range r.ABIs {
		for _, count := range abi.Counts {
			counts.row(string(abi.Name), count.Answer, string(count.Reason), fmt.Sprint(count.Syscalls))
		}
	}
	findings := table{{"LEVEL", "FINDING", "WHERE", "TEXT"}}
	for _, f := range r.Findings {
		findings.row(string(f.Level), string(f.Topic), f.Where, f.Text)
	}
	errs := []error{facts.write(w)}
	for _, t := range []table{counts, findings} {
		if len(t) > 1 {
			fmt.Fprintln(w)
			errs = append(errs, t.write(w))
		}
	}
	return errors.Join(errs...)
}

func writeReportJSON(w io.Writer, r *explain.Report, origin string, result *compile.Result, refused error) error {
	document := struct {
		Profile      string          `json:"profile"`
		Libseccomp   string          `json:"libseccomp"`
		Refused      string          `json:"refused,omitempty"`
		Flags        []string        `json:"flags,omitempty"`
		Instructions int             `json:"instructions,omitempty"`
		Report       *explain.Report `json:"report"`
	}{Profile: origin, Libseccomp: compile.LibraryVersion(), Report: r}
	if refused != nil {
		document.Refused = refused.Error()
	}
	if result != nil {
		document.Flags, document.Instructions = compile.FlagNames(result.Flags), result.Program.Len()
	}
	return writeJSON(w, document)
}
