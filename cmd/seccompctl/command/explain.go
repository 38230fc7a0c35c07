package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

const explainName = "explain"

func newExplain() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:   explainName + " [flags] (PROFILE | --spec FILE) [SYSCALL [ARG...]]",
		Short: "Say what a profile answers for a syscall, and why",
		Long: `Say what a profile answers for a syscall on each of its ABIs, and why. Without a
SYSCALL, report on the profile as a whole; the exit code is 1 if the shim refuses it.

` + profileHelp + `

SYSCALL is a name, or a number as in audit records. ARGs are its first arguments:
numbers, decimal, hexadecimal (0x) or octal (0), or constants such as AF_INET or
CLONE_NEWUSER|CLONE_NEWNS. What is not given is left open.

Of several lines for an ABI, the first whose IF holds counts.`,
		Example: `  seccompctl explain RuntimeDefault
  seccompctl explain profile.json clone CLONE_NEWUSER
  seccompctl explain profile.json mmap 0 4096 7 2 -1 0
  seccompctl explain --spec config.json 41 0x1`,
	}
	from.addFlags(cmd)
	output := formatFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		profile, call, err := from.operand(cmd, operands(args))
		if err != nil {
			return err
		}
		var numbers []uint64
		if len(call) > 0 {
			if numbers, err = parseArguments(call[1:]); err != nil {
				return misuse(cmd, "%w", err)
			}
		}
		p, origin, err := from.load(cmd, profile)
		if err != nil {
			return err
		}
		m, err := compile.Meaning(p)
		if err != nil {
			return err
		}
		if len(call) == 0 {
			return report(cmd, output, p, m, origin)
		}
		e, err := explainSyscall(p, m, call[0], numbers)
		if err != nil {
			return fmt.Errorf("%s: %w", origin, err)
		}
		if output.value == "json" {
			return writeJSON(cmd.OutOrStdout(), e)
		}
		return writeExplanation(cmd.OutOrStdout(), e)
	}
	return cmd
}

// explainSyscall explains a syscall by its name or number.
func explainSyscall(p *seccomp.Profile, m *meaning.Meaning, syscall string, args []uint64) (*explain.Explanation, error) {
	if nr, err := strconv.ParseUint(syscall, 0, 32); err == nil {
		return explain.Number(p, m, uint32(nr), args...), nil
	}
	return explain.Syscall(p, m, syscall, args...)
}

func writeExplanation(w io.Writer, e *explain.Explanation) error {
	t := table{{"ABI", "SYSCALL", "ANSWER", "IF", "WHY"}}
	for _, a := range e.Answers {
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
	t.row("others", "-", e.Others.Action.String(), "always", e.Others.Why())
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

// report writes a report on a profile. It also compiles the profile, because only the
// compiler finds out whether it can be enforced.
func report(cmd *cobra.Command, output *outputFormat, p *seccomp.Profile, m *meaning.Meaning, origin string) error {
	var compiled *explain.CompilerReport
	result, refused := compile.Translate(cmd.Context(), p)
	if refused == nil {
		says := compilerSays(result)
		compiled = &says
	}
	if err := errors.Join(refused, compile.CheckExecve(m)); err != nil {
		refused = fmt.Errorf("%s: %w", origin, err)
	}
	r := explain.Profile(p, m, compiled)
	var err error
	if output.value == "json" {
		err = writeReportJSON(cmd.OutOrStdout(), r, origin, result, refused)
	} else {
		err = writeReportText(cmd.OutOrStdout(), r, origin, result, refused)
	}
	return errors.Join(err, refused)
}
