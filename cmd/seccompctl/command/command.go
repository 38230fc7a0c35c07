// Package command has the commands of seccompctl: they compile profiles as the shim does,
// show programs from files and of running processes, compare them with profiles, explain
// which action a profile has for a syscall and why, compare profiles with each other, and
// show which calls of the node's containers were refused, and which the kernel has recorded.
// It is not part of main because the generator of the manual pages imports it.
package command

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"seccomp-shim/mistake"
)

// A usageError is an error in the command line.
type usageError struct {
	command string
	error
}

func misuse(cmd *cobra.Command, format string, args ...any) error {
	return usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// Run executes a command line, without the name of the program, and returns the exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := Root()
	if len(args) > 0 && args[0] == explainName {
		args = noFlags(args)
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	if err != nil && !errors.Is(err, errNo) {
		for _, one := range each(err) {
			fmt.Fprintf(stderr, "seccompctl: %s\n", mistake.Line(one.Error()))
		}
	}
	var misused usageError
	if errors.As(err, &misused) {
		fmt.Fprintf(stderr, "See '%s --help'.\n", misused.command)
	}
	return exitCode(cmd, err)
}

// Root returns seccompctl's command, with its subcommands.
func Root() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:           "seccompctl",
		Short:         "Compile, inspect and explain seccomp profiles",
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			err := fmt.Sprintf("unknown command %q", args[0])
			if alike := cmd.SuggestionsFor(args[0]); len(alike) > 0 {
				err += ", did you mean " + strings.Join(alike, " or ") + "?"
			}
			return misuse(cmd, "%s", err)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return writeVersion(cmd)
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, "show the version, and those of its parts")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newCompile(), newInspect(), newExplain(), newDenials(), newAudit(), newGenerate(), newLint(), newDiff(), newSubset(), newConvert(), newPageReport(), newVersion(), newFloor())
	return root
}

// flagError returns the error for a wrong flag. For a number, pflag's names the Go function
// that parses it, so flagError writes another one.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if errors.As(err, &invalid) && errors.As(err, &number) {
		return misuse(cmd, "--%s: %q is not a number that it can have", invalid.GetFlag().Name, invalid.GetValue())
	}
	return misuse(cmd, "%w", err)
}
