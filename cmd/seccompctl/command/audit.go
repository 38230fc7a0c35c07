package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"seccomp-shim/cmd/seccompctl/owner"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// An auditView has the flags of one command line of audit.
type auditView struct {
	state, container string
	follow           bool
	output           *outputFormat
	records          auditReader
	find             func(denials.Record) (*owner.Container, error)
	tally            auditTally
}

// An auditReader is an [audit.Reader], or a test's.
type auditReader interface {
	Read() ([]denials.Record, audit.Loss, error)
}

func newAudit() *cobra.Command {
	v := auditView{}
	cmd := &cobra.Command{
		Use:   "audit [flags] [CONTAINER]",
		Short: "Show which calls the kernel has recorded for SCMP_ACT_LOG",
		Long: `Show the kernel's audit records of seccomp, by container and syscall: the calls that
a profile answers with SCMP_ACT_LOG, those that have killed a process, and, under the flag
SECCOMP_FILTER_FLAG_LOG, those that were refused. It needs root, and no audit daemon.

With --follow it shows records from now on: all that the kernel makes, also beside an audit
daemon, which it takes nothing from. Without it, it shows what the kernel's log still has.
The kernel writes records there only if no audit daemon runs, and drops all but ten lines in
five seconds. The command says how many the kernel has dropped.

A record has a pid, and no container. The container is found by the process's cgroup, so it
is unknown for a process that has ended before the command sees its first record, and in a
pid namespace that is not the node's.

CONTAINER is a container's ID or its beginning, a pod's name, or NAMESPACE/POD/CONTAINER.
Without it, all records are shown.

The output is a table, the last call at the end (text), or a JSON document (json). With
--follow it is a line for each call whose count has grown, twice in a second.`,
		Example: `  seccompctl audit --follow
  seccompctl audit audit-pod
  seccompctl audit -o json`,
	}
	cmd.Flags().StringVar(&v.state, "state", owner.DefaultState, "containerd's folder of running containers, its option state")
	cmd.Flags().BoolVarP(&v.follow, "follow", "f", false, "show records from now on, and go on")
	v.output = formatFlag(cmd, "text", "json")
	cmd.RunE = v.run
	return cmd
}

func (v *auditView) run(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return misuse(cmd, "%q: one container at a time", args[1])
	}
	if len(args) == 1 {
		v.container = args[0]
	}
	open := audit.Past
	if v.follow {
		open = audit.Follow
	}
	reader, err := open()
	if err != nil {
		return err
	}
	defer reader.Close()
	v.records = reader
	v.find = finder(v.state)
	status, err := audit.ReadStatus()
	v.tally.daemon, v.tally.statusErr = status.Daemon, err
	if !v.follow {
		return v.show(cmd.OutOrStdout())
	}
	v.tally.since = status.Lost
	if reader.Unjoined != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "seccompctl: audit: %s: only the kernel's log is read\n", mistake.Line(reader.Unjoined.Error()))
	}
	return v.followRecords(cmd.Context(), cmd.OutOrStdout())
}

// finder returns what finds the container of a record.
func finder(state string) func(denials.Record) (*owner.Container, error) {
	if !audit.InFirstPIDNamespace() {
		return func(denials.Record) (*owner.Container, error) {
			return nil, errors.New("records have the pids of the node's first pid namespace, and this is another one")
		}
	}
	f := &owner.Finder{Proc: "/proc", State: state}
	return func(r denials.Record) (*owner.Container, error) { return f.Find(r.PID, r.Time) }
}

// read counts the records that have arrived.
func (v *auditView) read() error {
	records, loss, err := v.records.Read()
	if err != nil {
		return err
	}
	v.tally.addLoss(loss)
	for _, r := range records {
		c, why := v.find(r)
		if v.container == "" || c != nil && named(v.container, c.ID, c.Pod) {
			v.tally.add(r, c, why)
		}
	}
	return nil
}

// show writes what there is now.
func (v *auditView) show(w io.Writer) error {
	if err := v.read(); err != nil {
		return err
	}
	if v.output.value == "json" {
		return writeJSON(w, v.tally.document())
	}
	out := table{}
	if len(v.tally.calls) > 0 {
		out.row("LAST", "COUNT", "CONTAINER", "EXECUTABLE", "CALL", "ABI", "ANSWER")
	}
	for _, c := range v.tally.sorted() {
		out.row(c.Last.Local().Format(timeForm), fmt.Sprint(c.Count), mistake.Shown(c.name()),
			mistake.Shown(cmp.Or(c.Executable, "unknown")), c.Syscall, c.ABI, c.Answer)
	}
	if err := out.write(w); err != nil {
		return err
	}
	for _, remark := range v.tally.remarks() {
		if _, err := fmt.Fprintln(w, remark); err != nil {
			return err
		}
	}
	return nil
}

// readPause is the time between two reads. It is short, because a process must be there while
// its container is looked for.
const readPause = 20 * time.Millisecond

// followRecords writes a line for each call, and again when its count has grown. When records
// are lost, it says so.
func (v *auditView) followRecords(ctx context.Context, w io.Writer) error {
	var written time.Time
	for {
		if err := v.read(); err != nil {
			return err
		}
		if time.Since(written) >= pollPause {
			written = time.Now()
			if err := v.writeNews(w); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return v.writeNews(w)
		case <-time.After(readPause):
		}
	}
}

// writeNews writes what has changed since it was called.
func (v *auditView) writeNews(w io.Writer) error {
	for _, c := range v.tally.takeGrown() {
		if err := v.writeCall(w, c); err != nil {
			return err
		}
	}
	return v.writeLoss(w)
}

func (v *auditView) writeCall(w io.Writer, c *recorded) error {
	if v.output.value == "json" {
		return writeJSONLine(w, c)
	}
	_, err := fmt.Fprintf(w, "%s %s %s: %s ×%d (%s): %s\n", c.Last.Local().Format(timeForm), mistake.Shown(c.name()),
		mistake.Shown(cmp.Or(c.Executable, "unknown")), c.Syscall, c.Count, c.ABI, c.Answer)
	return err
}

// writeLoss writes what has been lost, if that has changed.
func (v *auditView) writeLoss(w io.Writer) error {
	v.tally.askKernel()
	if !v.tally.newLoss {
		return nil
	}
	v.tally.newLoss = false
	if v.output.value == "json" {
		return writeJSONLine(w, struct {
			Lost lostRecords `json:"lost"`
		}{v.tally.lost})
	}
	_, err := fmt.Fprintln(w, v.tally.lost)
	return err
}
