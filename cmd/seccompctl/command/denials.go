package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/reports"
)

// A denialsView has the flags of one command line of denials.
type denialsView struct {
	dir, container string
	follow, all    bool
	output         *outputFormat
}

func newDenials() *cobra.Command {
	var v denialsView
	cmd := &cobra.Command{
		Use:   "denials [flags] [CONTAINER]",
		Short: "Show which calls of this node's containers were refused",
		Long: `Show which calls of this node's observed containers their seccomp profiles have refused:
by which process, how often, and under which rule. It needs root.

A container is observed if the handler's option observe or the annotation
io.containerd.seccomp.v1/observe says so. Its calls are kept for a week after it has ended.

CONTAINER is a container's ID or its beginning, a pod's name, or NAMESPACE/POD/CONTAINER.
Without it, all containers are shown.

Left out are calls that the C library only tries, and replaces by older ones when they fail
with ENOSYS, such as clone3; --all shows them too.

The output is a table, the last call at the end (text), or a JSON array with what is known
about each container (json). With --follow it is a line for each change.`,
		Example: `  seccompctl denials
  seccompctl denials my-pod --follow
  seccompctl denials default/my-pod/web -o json`,
	}
	cmd.Flags().StringVar(&v.dir, "dir", denials.Dir, "the folder of the reports")
	cmd.Flags().BoolVarP(&v.follow, "follow", "f", false, "go on, and show calls when they are refused")
	cmd.Flags().BoolVar(&v.all, "all", false, "also show calls that the C library only tries")
	v.output = formatFlag(cmd, "text", "json")
	cmd.RunE = v.run
	return cmd
}

func (v *denialsView) run(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return misuse(cmd, "%q: one container at a time", args[1])
	}
	if len(args) == 1 {
		v.container = args[0]
	}
	if v.follow {
		return v.followReports(cmd.Context(), cmd.OutOrStdout())
	}
	reports, err := v.read()
	if err != nil {
		return err
	}
	if v.output.value == "json" {
		return writeJSON(cmd.OutOrStdout(), reports)
	}
	return v.writeTable(cmd.OutOrStdout(), reports)
}

// read returns the reports of the containers that are meant, without what is left out.
func (v *denialsView) read() ([]*denials.Report, error) {
	all, err := reports.Read(v.dir)
	if err != nil {
		return nil, err
	}
	meant := []*denials.Report{}
	for _, r := range all {
		if !v.means(r) {
			continue
		}
		if !v.all {
			r.Denials = r.Shown()
		}
		meant = append(meant, r)
	}
	if len(meant) == 0 && v.container != "" {
		return nil, fmt.Errorf("container %s: no container of this node with this name is or was observed", mistake.Quote(v.container))
	}
	return meant, nil
}

func (v *denialsView) means(r *denials.Report) bool {
	return v.container == "" || named(v.container, r.ID, r.Pod)
}

// named reports whether a person's word for a container means this one.
func named(word, id string, pod *denials.Pod) bool {
	return strings.HasPrefix(id, word) || denials.NameOf(id, pod) == word || pod != nil && pod.Name == word
}

// A row is a denial of a report.
type row struct {
	*denials.Report
	*denials.Denial
}

// answer returns what the profile says, and whether it was enforced.
func (r row) answer() string {
	if r.Mode == denials.Trial || r.LetThrough {
		return r.Answer + ", let through"
	}
	return r.Answer
}

const timeForm = "2006-01-02 15:04:05"

func (v *denialsView) writeTable(w io.Writer, reports []*denials.Report) error {
	var rows []row
	for _, r := range reports {
		for _, d := range r.Denials {
			rows = append(rows, row{r, d})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.Last.Compare(b.Last) })
	out := table{}
	if len(rows) > 0 {
		out.row("LAST", "COUNT", "CONTAINER", "PROCESS", "EXECUTABLE", "CALL", "ANSWER", "RULE")
	}
	for _, r := range rows {
		out.row(r.Last.Local().Format(timeForm), fmt.Sprint(r.Count), mistake.Shown(r.Report.Name()), string(r.Kind),
			mistake.Shown(cmp.Or(r.Executable, "unknown")), mistake.Shown(r.Text), r.answer(), mistake.Line(r.Why))
	}
	if err := out.write(w); err != nil {
		return err
	}
	return v.writeRemarks(w, reports)
}

// writeRemarks says what the table cannot: containers without a refused call, and calls that
// are not told apart.
func (v *denialsView) writeRemarks(w io.Writer, reports []*denials.Report) error {
	var err error
	for _, r := range reports {
		name, profile := mistake.Shown(r.Name()), mistake.Line(r.Profile)
		if len(r.Denials) == 0 && err == nil {
			_, err = fmt.Fprintf(w, "%s: observed (%s) under its %s, no call was refused\n", name, r.Mode, profile)
		}
		if r.Others > 0 && err == nil {
			_, err = fmt.Fprintf(w, "%s: %d calls more, beyond %d different ones\n", name, r.Others, denials.MostDistinct)
		}
	}
	return err
}

// pollPause is the time between two looks at the reports. The shims write them once in a
// second at most.
const pollPause = 500 * time.Millisecond

// followReports writes a line for each denial, and again when its count has grown.
func (v *denialsView) followReports(ctx context.Context, w io.Writer) error {
	seen := map[string]uint64{}
	for first := true; ; first = false {
		reports, err := v.read()
		if err != nil && (first || v.container == "") {
			return err
		}
		for _, r := range reports {
			for i, d := range r.Denials {
				key := fmt.Sprintf("%s/%s/%d", r.Namespace, r.ID, i)
				if d.Count == seen[key] {
					continue
				}
				seen[key] = d.Count
				if err := v.writeLine(w, row{r, d}); err != nil {
					return err
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pollPause):
		}
	}
}

func (v *denialsView) writeLine(w io.Writer, r row) error {
	if v.output.value == "json" {
		return writeJSONLine(w, struct {
			Namespace string       `json:"namespace"`
			ID        string       `json:"id"`
			Pod       *denials.Pod `json:"pod,omitempty"`
			Mode      denials.Mode `json:"mode"`
			*denials.Denial
		}{r.Namespace, r.ID, r.Pod, r.Mode, r.Denial})
	}
	_, err := fmt.Fprintf(w, "%s %s %s %s: %s ×%d: %s by %s\n", r.Last.Local().Format(timeForm), mistake.Shown(r.Report.Name()),
		r.Kind, mistake.Shown(cmp.Or(r.Executable, "unknown")), mistake.Shown(r.Text), r.Count, r.answer(), mistake.Line(r.Why))
	return err
}
