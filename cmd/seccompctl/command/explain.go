package command

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

const explainName = "explain"

// An explanation has the flags and operands of one command line of explain.
type explanation struct {
	source
	floor    floorFlag
	output   *outputFormat
	profiles []string // one empty name with --spec
	call     []string // a syscall and its first arguments, or nothing
	numbers  []uint64 // the arguments
}

func newExplain() *cobra.Command {
	var x explanation
	cmd := &cobra.Command{
		Use:   explainName + " [flags] (PROFILE... | --spec FILE) [SYSCALL [ARG...]]",
		Short: "Say what a profile answers for a syscall, and why",
		Long: `Say what a profile answers for a syscall on each of its ABIs, and why. Without a
SYSCALL, report on the profile as a whole: which syscalls it refuses, which depend on their
arguments, and what its author may not expect (see lint). The exit code is 1 if the shim
refuses the profile.

` + profileHelp + `
Further operands with a dot or a slash are profiles too.

SYSCALL is a name, or a number as in audit records. ARGs are its first arguments:
numbers, decimal, hexadecimal (0x) or octal (0), or constants such as AF_INET or
CLONE_NEWUSER|CLONE_NEWNS. What is not given is left open.

Of several lines for an ABI, the first whose IF holds counts. With --floor, the answers are
those of the profile together with a floor, and WHY names the floor where it decides.`,
		Example: `  seccompctl explain RuntimeDefault
  seccompctl explain profiles/*.json
  seccompctl explain profile.json clone CLONE_NEWUSER
  seccompctl explain profile.json mmap 0 4096 7 2 -1 0
  seccompctl explain --floor floor.json profile.json socket AF_ALG
  seccompctl explain --spec config.json 41 0x1`,
		ValidArgsFunction: completeCall,
	}
	x.addFlags(cmd)
	x.floor.addFlag(cmd)
	x.output = formatFlag(cmd, "text", "json")
	cmd.RunE = x.run
	return cmd
}

func (x *explanation) run(cmd *cobra.Command, args []string) (err error) {
	first, rest, err := x.split(cmd, operands(args))
	if err != nil {
		return err
	}
	x.profiles = []string{first}
	for x.spec == "" && len(rest) > 0 && isFile(rest[0]) {
		x.profiles, rest = append(x.profiles, rest[0]), rest[1:]
	}
	if err := x.check(cmd, first, x.profiles[1:]...); err != nil {
		return err
	}
	if x.call = rest; len(rest) > 0 {
		if x.numbers, err = parseArguments(rest[1:]); err != nil {
			return misuse(cmd, "%w", err)
		}
	}
	return x.explainAll(cmd)
}

// isFile reports whether an operand is a profile, and no syscall.
func isFile(operand string) bool {
	return operand == stdinName || operand == runtimeDefault || strings.ContainsAny(operand, "./")
}

// explainFormat is the version of the JSON documents of explain.
const explainFormat = 1

// explainAll explains each profile. A failure does not keep it from the others.
func (x *explanation) explainAll(cmd *cobra.Command) error {
	_, floor, err := x.floor.load(cmd)
	switch {
	case err != nil:
		return err
	case floor != nil && len(x.call) == 0:
		return misuse(cmd, "--floor needs a SYSCALL")
	}
	var errs []error
	documents := []any{}
	out := cmd.OutOrStdout()
	for i, profile := range x.profiles {
		l, err := x.load(cmd, profile)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var about subjectOfExplain
		if len(x.call) == 0 {
			about, err = newReport(cmd.Context(), l)
		} else {
			about, err = newCallReport(l, floor, x.call[0], x.numbers)
		}
		errs = append(errs, err)
		if about == nil {
			continue
		}
		if x.output.value == "json" {
			documents = append(documents, about.document())
			continue
		}
		if i > 0 {
			_, err := io.WriteString(out, "\n")
			errs = append(errs, err)
		}
		errs = append(errs, about.write(out, len(x.profiles) > 1))
	}
	if len(documents) > 0 {
		errs = append(errs, writeJSON(out, struct {
			Format   int   `json:"format"`
			Profiles []any `json:"profiles"`
		}{explainFormat, documents}))
	}
	return joined(errs...)
}

// A subjectOfExplain is what is explained of one profile.
type subjectOfExplain interface {
	document() any
	write(w io.Writer, named bool) error
}
