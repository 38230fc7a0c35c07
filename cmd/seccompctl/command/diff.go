package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/compare"
)

func newDiff() *cobra.Command {
	var from source
	cmd := &cobra.Command{
		Use:   "diff [flags] (A | --spec FILE) B",
		Short: "Say what each of two profiles lets through that the other does not",
		Long: `Say what each of two profiles lets through that the other does not, and where else their
answers differ, such as in the error number.

` + twoHelp + `

CALL is the witness, with its first arguments; later ones are 0. It is "all" if the
difference does not depend on the arguments. A profile lets a call through if its answer is
ALLOW or LOG.

The exit code is 0 if the profiles are the same, 1 if they differ, and 2 if there is no
answer.`,
		Example: `  seccompctl diff old.json new.json
  seccompctl diff RuntimeDefault profile.json -o json
  seccompctl diff --spec config.json profile.json`,
	}
	from.addFlags(cmd)
	cmd.ValidArgsFunction = completeTwo
	output := formatFlag(cmd, "text", "json")
	asks(cmd, "The profiles are the same.", "The profiles differ.")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, b, err := from.loadTwo(cmd, args)
		if err != nil {
			return err
		}
		result, err := compare.Profiles(cmd.Context(), a.meaning, b.meaning)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", a.origin, b.origin, err)
		}
		settings := compare.Settings(a.profile, b.profile)
		if output.value == "json" {
			err = writeDiffJSON(cmd.OutOrStdout(), a, b, result, settings)
		} else {
			err = writeDiffText(cmd.OutOrStdout(), a, b, result, settings)
		}
		if err == nil && (!result.Same() || len(settings) > 0) {
			err = errNo
		}
		return err
	}
	return cmd
}

func writeDiffText(w io.Writer, a, b *loaded, r *compare.Result, settings []compare.Setting) error {
	errs := []error{writeTwo(w, a, b)}
	for _, part := range []struct {
		heading     string
		differences []compare.Difference
	}{{"only A lets through:", r.OnlyA}, {"only B lets through:", r.OnlyB}, {"other answers that differ:", r.Otherwise}} {
		errs = append(errs, writeDifferences(w, part.heading, part.differences))
	}
	if len(settings) > 0 {
		t := table{{"FIELD", "A", "B"}}
		for _, s := range settings {
			t.row(s.Field, mistake.Shown(s.A), mistake.Shown(s.B))
		}
		_, err := fmt.Fprint(w, "\nother fields that differ:\n")
		errs = append(errs, err, t.write(w))
	}
	if r.Same() && len(settings) == 0 {
		_, err := fmt.Fprint(w, "\nA and B are the same: they have the same answer for every call.\n")
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// writeTwo names the profiles, and the rules of each that are not compared.
func writeTwo(w io.Writer, a, b *loaded) error {
	names := table{{"A:", mistake.Shown(a.origin)}, {"B:", mistake.Shown(b.origin)}}
	if len(a.unknown) > 0 {
		names.row("left out of A, because nobody knows them:", strings.Join(a.unknown, ", "))
	}
	if len(b.unknown) > 0 {
		names.row("left out of B, because nobody knows them:", strings.Join(b.unknown, ", "))
	}
	return names.write(w)
}

func writeDifferences(w io.Writer, heading string, differences []compare.Difference) error {
	if len(differences) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%s\n", heading)
	t := table{{"ABI", "SYSCALL", "A", "B", "CALL"}}
	for _, d := range differences {
		t.row(string(d.ABI), d.Syscall(), d.A.String(), d.B.String(), d.Witness())
	}
	return t.write(w)
}

// compareFormat is the version of the JSON documents of diff and subset.
const compareFormat = 1

// A differenceDocument is a difference in JSON. Arguments are texts, because a number of
// JSON may lose bits of 64.
type differenceDocument struct {
	ABI     string   `json:"abi"`
	Syscall string   `json:"syscall,omitempty"`
	Number  uint32   `json:"number"`
	Last    *uint32  `json:"lastNumber,omitempty"` // of a range
	A       string   `json:"a"`
	B       string   `json:"b"`
	Always  bool     `json:"always"`
	Args    []string `json:"args"` // of the witness
}

func documents(differences []compare.Difference) []differenceDocument {
	all := []differenceDocument{}
	for _, d := range differences {
		doc := differenceDocument{string(d.ABI), d.Name, d.Number, nil, d.A.String(), d.B.String(), d.Always, nil}
		if d.Last > d.Number {
			doc.Last = &d.Last
		}
		for _, arg := range d.Call.Args {
			doc.Args = append(doc.Args, fmt.Sprintf("%#x", arg))
		}
		all = append(all, doc)
	}
	return all
}

func writeDiffJSON(w io.Writer, a, b *loaded, r *compare.Result, settings []compare.Setting) error {
	return writeJSON(w, struct {
		Format    int                  `json:"format"`
		A         string               `json:"a"`
		B         string               `json:"b"`
		Same      bool                 `json:"same"`
		OnlyA     []differenceDocument `json:"onlyA"`
		OnlyB     []differenceDocument `json:"onlyB"`
		Otherwise []differenceDocument `json:"otherwise"`
		Fields    []compare.Setting    `json:"fields"`
		UnknownA  []string             `json:"unknownA"`
		UnknownB  []string             `json:"unknownB"`
	}{compareFormat, a.origin, b.origin, r.Same() && len(settings) == 0, documents(r.OnlyA), documents(r.OnlyB), documents(r.Otherwise),
		list(settings), list(a.unknown), list(b.unknown)})
}
