package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/bpf"
	"seccomp-shim/cmd/seccompctl/page"
	"seccomp-shim/seccomp/compare"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/libseccomp"
)

func newPageReport() *cobra.Command {
	from := source{recordings: true}
	var against string
	cmd := &cobra.Command{
		Use:   "report [flags] (PROFILE | RECORDING | --spec FILE)",
		Short: "Write a page about a profile or a recording, to look at in a browser",
		Long: `Write a page of HTML about a profile: which syscalls it lets through, refuses, or decides by
their arguments, by group and ABI; its findings (see lint); and, with --against, how it
differs from another profile (see diff). The page is one file. It needs no script and no
network, and is readable on a phone and in the dark.

RECORDING is a file that the shim has written about a recorded container (see generate), and
stands for the profile that is made of it. The page says how often each syscall was made, and
shows those of the profile that were not made pale; --against may name a RECORDING, too.

` + profileHelp,
		Example: `  seccompctl report profile.json > page.html
  seccompctl report --against RuntimeDefault profile.json > page.html
  seccompctl report --against recording.json profile.json > page.html`,
		ValidArgsFunction: completeOne,
	}
	from.addFlags(cmd)
	cmd.Flags().StringVar(&against, "against", "", "another profile to compare with: a file, or RuntimeDefault")
	complete(cmd, "against", []string{runtimeDefault})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		subject, err := from.subject(cmd, args, against)
		if err != nil {
			return err
		}
		return page.Write(cmd.OutOrStdout(), subject)
	}
	return cmd
}

// subject loads the profiles of a page.
func (s *source) subject(cmd *cobra.Command, args []string, against string) (*page.Subject, error) {
	profile, rest, err := s.split(cmd, args)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, misuse(cmd, "%q: one profile at a time", rest[0])
	}
	if against == stdinName && (profile == stdinName || s.spec == stdinName) {
		return nil, misuse(cmd, "standard input can be read only once")
	}
	var others []string
	if against != "" {
		others = []string{against}
	}
	if err := s.check(cmd, profile, others...); err != nil {
		return nil, err
	}
	l, err := s.loadMeaning(cmd, profile)
	if err != nil {
		return nil, err
	}
	r, err := examine(cmd.Context(), l)
	if err != nil {
		return nil, err
	}
	subject := &page.Subject{Name: l.origin, Meaning: l.meaning, Facts: append(l.facts, r.pageFacts()...), Findings: r.findings, Used: l.used}
	if against == "" {
		return subject, nil
	}
	ofFile := source{capAdd: s.capAdd, capDrop: s.capDrop, capabilitiesCount: s.capabilitiesCount, recordings: true}
	other, err := ofFile.loadMeaning(cmd, against)
	if err != nil {
		return nil, err
	}
	result, err := compare.Profiles(cmd.Context(), l.meaning, other.meaning)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", l.origin, other.origin, err)
	}
	if subject.Used == nil {
		subject.Used = other.used
	}
	subject.Against = &page.Against{Name: other.origin, Result: result, Settings: compare.Settings(l.profile, other.profile)}
	return subject, nil
}

// pageFacts returns what a page says about the whole profile.
func (r *profileReport) pageFacts() [][2]string {
	facts := [][2]string{{"other syscalls", r.meaning.Default.String()}}
	if r.result != nil {
		facts = append(facts, [2]string{"flags", strings.Join(compile.FlagNames(r.result.Flags), ", ")},
			[2]string{"program", fmt.Sprintf("%d instructions of %d", r.result.Program.Len(), bpf.MaxInstructions)})
	}
	if r.refused != nil {
		facts = append(facts, [2]string{"refused", r.refused.Error()})
	}
	if len(r.unknown) > 0 {
		facts = append(facts, [2]string{"left out, because nobody knows them", strings.Join(r.unknown, ", ")})
	}
	return append(facts, [2]string{"libseccomp", libseccomp.Version()})
}
