package command

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// An outputFormat is the value of the flag -o.
type outputFormat struct {
	value string
	known []string
}

// formatFlag adds -o with these values; the first is the default.
func formatFlag(cmd *cobra.Command, known ...string) *outputFormat {
	f := &outputFormat{known[0], known}
	cmd.Flags().VarP(f, "output", "o", "output format, one of "+strings.Join(known, ", "))
	complete(cmd, "output", known)
	return f
}

func (f *outputFormat) String() string { return f.value }
func (f *outputFormat) Type() string   { return "format" }
func (f *outputFormat) Set(value string) error {
	if !slices.Contains(f.known, value) {
		return fmt.Errorf("must be one of %s", strings.Join(f.known, ", "))
	}
	f.value = value
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // conditions have < and &
	return e.Encode(v)
}

// A table has a heading and rows of cells.
type table [][]string

func (t *table) row(cells ...string) { *t = append(*t, cells) }

func (t table) write(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cells := range t {
		fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}

// writeJSONLine writes a document on one line.
func writeJSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
