package command

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/generate"
	"seccomp-shim/seccomp/recording"
	"seccomp-shim/seccomp/reports"
)

// A generator has the flags of one command line of generate.
type generator struct {
	defaultAction, name, denied, reports string
	arguments                            []string
	withoutExecs                         bool
	output                               *outputFormat
}

func newGenerate() *cobra.Command {
	var g generator
	cmd := &cobra.Command{
		Use:   "generate [flags] RECORDING...",
		Short: "Make a profile from recordings of containers",
		Long: `Make a profile that allows what containers did while they were recorded, and nothing else.

RECORDING is a file that the shim has written to ` + recording.Dir + `,
or - for standard input. Several recordings make one profile. Those of containers under the
handler's option observe = "record" are complete from their first instruction on; what a
recording lacks, standard error says.

The profile also allows, with a comment at each, what a recording can lack: the calls by which
threads end, the runtime's execve, and the calls behind the vDSO's functions.

With --add-denials the profile also allows what its container was refused later (see denials).
Without a RECORDING this only prints what that would be, a line for each call.

The output is a profile in OCI's JSON form (oci), one for docker run (docker), or a
SeccompProfile of the Security Profiles Operator 1.0 (spo). It depends on the input alone.`,
		Example: `  seccompctl generate recording.json > profile.json
  seccompctl generate --arguments socket,ioctl recording-*.json > profile.json
  seccompctl generate --add-denials my-pod recording.json > profile.json
  seccompctl generate -o spo --name my-app recording.json | kubectl apply -f -`,
	}
	f := cmd.Flags()
	f.StringVar(&g.defaultAction, "default-action", string(specs.ActErrno), "what happens to all other calls")
	f.StringSliceVar(&g.arguments, "arguments", nil, "syscalls for which only the recorded arguments are allowed")
	f.BoolVar(&g.withoutExecs, "without-execs", false, "leave out what was executed in the containers later, such as by kubectl exec")
	f.StringVar(&g.denied, "add-denials", "", "a container, as for denials: allow what it was refused")
	f.StringVar(&g.reports, "dir", denials.Dir, "with --add-denials: the folder of the reports")
	f.StringVar(&g.name, "name", "", "with -o spo: the object's name (default: that of the recorded container)")
	g.output = formatFlag(cmd, "oci", "docker", "spo")
	cmd.RunE = g.run
	return cmd
}

func (g *generator) run(cmd *cobra.Command, args []string) error {
	if err := generate.CheckDefault(specs.LinuxSeccompAction(g.defaultAction)); err != nil {
		return misuse(cmd, "--default-action: %w", err)
	}
	if len(args) == 0 && g.denied == "" {
		return misuse(cmd, "a RECORDING is needed")
	}
	if g.name != "" && g.output.value != "spo" {
		return misuse(cmd, "--name needs -o spo")
	}
	refused, err := g.readDenials()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return propose(cmd, refused)
	}
	sources, err := readRecordings(cmd, args)
	if err != nil {
		return err
	}
	p, err := generate.From(sources, generate.Options{
		Default: specs.LinuxSeccompAction(g.defaultAction), Arguments: g.arguments, InitOnly: g.withoutExecs, Denials: refused,
	})
	if err != nil {
		return err
	}
	text, err := g.write(cmd, p, sources)
	if err != nil {
		return err
	}
	for _, line := range p.Header {
		fmt.Fprintf(cmd.ErrOrStderr(), "made from %s\n", line)
	}
	for _, remark := range p.Remarks {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", mistake.Line(remark))
	}
	for _, proposal := range generate.Proposals(refused) {
		fmt.Fprintf(cmd.ErrOrStderr(), "added: %s\n", proposal.Why)
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}

// readRecordings reads the recordings that the command line names.
func readRecordings(cmd *cobra.Command, names []string) ([]generate.Source, error) {
	var all []generate.Source
	for _, name := range names {
		text, err := read(cmd.InOrStdin(), name, recording.MaxBytes)
		if err != nil {
			return nil, err
		}
		r, err := recording.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", mistake.Shown(name), err)
		}
		all = append(all, generate.Source{Name: mistake.Shown(name), Recording: r})
	}
	return all, nil
}

// readDenials returns the reports of the container that --add-denials names.
func (g *generator) readDenials() (meant []*denials.Report, err error) {
	if g.denied == "" {
		return nil, nil
	}
	all, err := reports.Read(g.reports)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if named(g.denied, r.ID, r.Pod) {
			meant = append(meant, r)
		}
	}
	if len(meant) == 0 {
		return nil, fmt.Errorf("--add-denials: container %s: no container of this node with this name is or was observed", mistake.Quote(g.denied))
	}
	return meant, nil
}

// propose prints what a profile would have to allow.
func propose(cmd *cobra.Command, refused []*denials.Report) error {
	all := generate.Proposals(refused)
	for _, p := range all {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", p.Syscall, p.Why); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "no call was refused")
	}
	return nil
}

func (g *generator) write(cmd *cobra.Command, p *generate.Profile, sources []generate.Source) ([]byte, error) {
	switch g.output.value {
	case "docker":
		return p.Docker()
	case "spo":
		name := g.name
		if name == "" {
			name = objectName(sources[0].Recording)
		}
		if !isObjectName.MatchString(name) || len(name) > 253 {
			return nil, misuse(cmd, "--name: %s is not a name of a Kubernetes object", mistake.Quote(name))
		}
		return p.SPO(name)
	}
	return p.OCI()
}

// isObjectName has the form of names in Kubernetes: a DNS subdomain (RFC 1123).
var isObjectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// objectName returns a name for the object of a recorded container.
func objectName(r *recording.Recording) string {
	name := r.ID
	if r.Pod != nil && r.Pod.Container != "" {
		name = r.Pod.Container
	}
	return strings.Trim(regexp.MustCompile(`[^a-z0-9.]+`).ReplaceAllString(strings.ToLower(name), "-"), "-.")
}
