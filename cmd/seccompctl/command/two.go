package command

import (
	"slices"

	"github.com/spf13/cobra"
)

// loadTwo loads the profiles A and B of a command that compares two.
func (s *source) loadTwo(cmd *cobra.Command, args []string) (a, b *loaded, err error) {
	nameA, rest, err := s.split(cmd, args)
	switch {
	case err != nil:
		return nil, nil, err
	case len(rest) == 0 || rest[0] == "":
		return nil, nil, misuse(cmd, "two profiles are needed, A and B")
	case len(rest) > 1:
		return nil, nil, misuse(cmd, "%q: two profiles at a time", rest[1])
	case slices.Contains([]string{nameA, s.spec}, stdinName) && rest[0] == stdinName:
		return nil, nil, misuse(cmd, "standard input can be read only once")
	}
	nameB := rest[0]
	if err := s.check(cmd, nameA, nameB); err != nil {
		return nil, nil, err
	}
	if a, err = s.loadMeaning(cmd, nameA); err != nil {
		return nil, nil, err
	}
	ofFile := source{capAdd: s.capAdd, capDrop: s.capDrop, capabilitiesCount: s.capabilitiesCount}
	if b, err = ofFile.loadMeaning(cmd, nameB); err != nil {
		return nil, nil, err
	}
	return a, b, nil
}

const twoHelp = `A and B are profiles, as PROFILE of the other commands: a file with a seccomp profile in
OCI's JSON form (linux.seccomp) or in Docker's, - for standard input, or the word
RuntimeDefault. With --spec, A is the profile that applies to the container of an OCI
config.json.

The comparison covers every call that there can be on the ABIs of both profiles. Each
difference has a call as its witness. Where a profile is too large to be compared exactly
within some seconds, the command fails: it never takes two profiles for equal without
proof.`
