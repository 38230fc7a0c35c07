package command

import (
	"errors"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitFailure = 1 // the command failed, or the answer to its question is no
	exitUsage   = 2 // the command line is wrong, or a question has no answer
)

// errNo is the result of a command that asks a question if the answer is no. The command has
// written why.
var errNo = errors.New("no")

// asks says that a command asks a question, as diff(1) and grep(1) do: exit code 1 is an
// answer, and every failure has another one.
func asks(cmd *cobra.Command, yes, no string) {
	cmd.Annotations = map[string]string{"yes": yes, "no": no}
}

func exitCode(cmd *cobra.Command, err error) int {
	var misused usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &misused), !errors.Is(err, errNo) && cmd.Annotations["no"] != "":
		return exitUsage
	}
	return exitFailure
}

// ExitStatus says what a command's exit codes 0, 1 and 2 mean.
func ExitStatus(cmd *cobra.Command) [3]string {
	if no := cmd.Annotations["no"]; no != "" {
		return [3]string{cmd.Annotations["yes"], no,
			"There is no answer: the command line is not understood, or a profile is invalid or cannot be read."}
	}
	return [3]string{
		"What was asked for is done.",
		"The profile or the program is not in order: it is refused, or does not decide as it should, or cannot be read.",
		"The command line is not understood.",
	}
}
