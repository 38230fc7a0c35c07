package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"seccomp-shim/seccomp/compare"
)

func newSubset() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:   "subset [flags] (A | --spec FILE) B",
		Short: "Say whether a profile is nowhere looser than another",
		Long: `Say whether profile A is nowhere looser than profile B: whether, for every call, the answer
of A is at least as strict as that of B. Otherwise list the syscalls for which A is looser.

` + twoHelp + `

From the strictest answer to the loosest, in the order that the kernel has for several
filters: KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW. Two error
numbers are equally strict.

The exit code is 0 if A is nowhere looser, 1 if it is somewhere, and 2 if there is no
answer.`,
		Example: `  seccompctl subset profile.json RuntimeDefault
  seccompctl subset new.json old.json -o json`,
	}
	from.addFlags(cmd)
	cmd.ValidArgsFunction = completeTwo
	output := formatFlag(cmd, "text", "json")
	asks(cmd, "A is nowhere looser than B.", "A is looser than B for some call.")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, b, err := from.loadTwo(cmd, args)
		if err != nil {
			return err
		}
		looser, err := compare.Looser(cmd.Context(), a.meaning, b.meaning)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", a.origin, b.origin, err)
		}
		if output.value == "json" {
			err = writeSubsetJSON(cmd.OutOrStdout(), a, b, looser)
		} else {
			err = writeSubsetText(cmd.OutOrStdout(), a, b, looser)
		}
		if err == nil && len(looser) > 0 {
			err = errNo
		}
		return err
	}
	return cmd
}

func writeSubsetText(w io.Writer, a, b *loaded, looser []compare.Difference) error {
	errs := []error{writeTwo(w, a, b), writeDifferences(w, "A is looser for:", looser)}
	if len(looser) == 0 {
		_, err := fmt.Fprint(w, "\nA is nowhere looser than B.\n")
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func writeSubsetJSON(w io.Writer, a, b *loaded, looser []compare.Difference) error {
	return writeJSON(w, struct {
		Format int                  `json:"format"`
		A      string               `json:"a"`
		B      string               `json:"b"`
		Subset bool                 `json:"subset"`
		Looser []differenceDocument `json:"looser"`
	}{compareFormat, a.origin, b.origin, len(looser) == 0, documents(looser)})
}
