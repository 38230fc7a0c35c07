package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/lint"
)

// A linting has the flags of one command line of lint.
type linting struct {
	source
	ignored []string
	notes   bool
	output  *outputFormat
}

func newLint() *cobra.Command {
	var v linting
	cmd := &cobra.Command{
		Use:   "lint [flags] (PROFILE... | --spec FILE)",
		Short: "Find what the authors of profiles may not expect",
		Long: `Find what the authors of profiles may not expect: rules that cannot count, conditions
without effect, calls that pass or fail for bits that the kernel does not read, syscalls that
weaken a whole profile.

` + profileHelp + `

A finding is a warning, or, with --notes, a note. The output is a table (text), a JSON
document (json), or a log in SARIF 2.1.0 for sites that host code (sarif).

The exit code is 0 without a finding, 1 with findings, and 2 if a profile cannot be read or is
refused; the others are linted nevertheless.

The kinds of findings, for --ignore:
` + topicsHelp(),
		Example: `  seccompctl lint profiles/*.json
  seccompctl lint --ignore strong-call,default-permits profile.json
  seccompctl lint -o sarif profiles/*.json > lint.sarif`,
		ValidArgsFunction: completeProfiles,
	}
	v.addFlags(cmd)
	cmd.Flags().StringSliceVar(&v.ignored, "ignore", nil, "kinds of findings to leave out")
	cmd.Flags().BoolVar(&v.notes, "notes", false, "also show notes: what is true of many good profiles")
	complete(cmd, "ignore", topicNames())
	v.output = formatFlag(cmd, "text", "json", "sarif")
	asks(cmd, "There is no finding.", "There are findings.")
	cmd.RunE = v.run
	return cmd
}

func topicNames() []string {
	var names []string
	for _, topic := range lint.Topics {
		names = append(names, string(topic.Topic))
	}
	return names
}

func topicsHelp() string {
	var text strings.Builder
	for _, topic := range lint.Topics {
		fmt.Fprintf(&text, "  %-20s  %s\n", topic.Topic, topic.About)
	}
	return strings.TrimRight(text.String(), "\n")
}

// A linted profile is a file with its findings, or with the reason for which there are none.
type linted struct {
	name     string
	isFile   bool
	text     []byte
	findings []lint.Finding
	err      error
}

func (v *linting) run(cmd *cobra.Command, args []string) error {
	for _, name := range v.ignored {
		if !slices.Contains(topicNames(), name) {
			return misuse(cmd, "--ignore: %q is not a kind of finding%s", name, mistake.Meant(name, topicNames()...))
		}
	}
	first, others, err := v.split(cmd, args)
	if err != nil {
		return err
	}
	if v.spec != "" && len(others) > 0 {
		return misuse(cmd, "%q: a profile cannot be named beside --spec", others[0])
	}
	if err := v.check(cmd, first, others...); err != nil {
		return err
	}
	var all []linted
	for _, profile := range append([]string{first}, others...) {
		one, err := v.lint(cmd, profile)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	return v.write(cmd, all)
}

// lint returns the findings on one profile. The error is that of the command's context, or a
// misuse.
func (v *linting) lint(cmd *cobra.Command, profile string) (linted, error) {
	one := linted{name: profile, isFile: profile != runtimeDefault && profile != stdinName && v.spec == ""}
	if v.spec != "" {
		one.name = v.spec
	}
	l, err := v.load(cmd, profile)
	if misused := (usageError{}); errors.As(err, &misused) {
		return one, err
	}
	if err != nil {
		one.err = err
		if one.isFile {
			one.text, _ = read(cmd.InOrStdin(), profile, seccomp.MaxProfileBytes) // best effort: for the line of the error
		}
		return one, nil
	}
	one.text = l.text
	r, err := examine(cmd.Context(), l)
	if err != nil {
		return one, err
	}
	one.err = r.refused
	one.findings = slices.DeleteFunc(r.findings, func(f lint.Finding) bool {
		return f.Level == lint.Note && !v.notes || slices.Contains(v.ignored, string(f.Topic))
	})
	return one, nil
}

func (v *linting) write(cmd *cobra.Command, all []linted) (err error) {
	switch v.output.value {
	case "json":
		err = writeLintJSON(cmd.OutOrStdout(), all)
	case "sarif":
		err = writeSARIF(cmd.OutOrStdout(), all)
	default:
		err = writeLintText(cmd.OutOrStdout(), all)
	}
	errs := []error{err}
	found := false
	for _, one := range all {
		errs = append(errs, one.err)
		found = found || len(one.findings) > 0
	}
	if err := joined(errs...); err != nil || !found {
		return err
	}
	return errNo
}

// line returns the line of a finding in the file, or 0 if there is none.
func (l linted) line(where string) int {
	if len(l.text) == 0 {
		return 0
	}
	return seccomp.Line(l.text, where)
}

// failure returns the place of the error, and its text without the file.
func (l linted) failure() (line int, text string) {
	var invalid *seccomp.InvalidError
	if errors.As(l.err, &invalid) {
		return invalid.Line(l.text), invalid.Error()
	}
	return 0, l.err.Error()
}
