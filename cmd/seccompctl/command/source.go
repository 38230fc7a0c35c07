package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/spf13/cobra"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/recording"
	"seccomp-shim/seccomp/resolve"
)

// A source has the flags that select a profile: a file with a profile, RuntimeDefault, or
// the OCI spec of a container.
type source struct {
	spec                      string
	profileRoot, unsetProfile string
	capAdd, capDrop           []string
	capabilitiesCount         bool // a profile of the command line depends on them
	recordings                bool // a file may be a recording, which stands for the profile that is made of it
}

const (
	runtimeDefault = "RuntimeDefault"
	stdinName      = "-"

	profileHelp = `PROFILE is a file with a seccomp profile in OCI's JSON form (linux.seccomp) or in
Docker's, - for standard input, or the word RuntimeDefault: containerd's default profile.
RuntimeDefault and the conditions of Docker's form are resolved for this node and the
capabilities that ctr run gives a container. With --spec, the profile is the one that
applies to the container of an OCI config.json, as under the shim.`

	// maxSpecBytes bounds config.json, which embeds a profile.
	maxSpecBytes = 16 * seccomp.MaxProfileBytes
)

func (s *source) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.spec, "spec", "", "OCI config.json of the container that is meant, - for standard input")
	f.StringVar(&s.profileRoot, "profile-root", "", "with --spec: where Localhost profiles are (default "+resolve.DefaultProfileRoot+")")
	f.StringVar(&s.unsetProfile, "unset-profile", "", "with --spec: the profile of a container that names none")
	f.StringSliceVar(&s.capAdd, "cap-add", nil, "with RuntimeDefault or a file in Docker's format: a capability more, such as CAP_SYS_ADMIN, or ALL")
	f.StringSliceVar(&s.capDrop, "cap-drop", nil, "with RuntimeDefault or a file in Docker's format: a capability less, or ALL")
	complete(cmd, "cap-add", append(knownCapabilities(), allCapabilities))
	complete(cmd, "cap-drop", append(knownCapabilities(), allCapabilities))
	complete(cmd, "unset-profile", []string{runtimeDefault, "Unconfined", "Localhost/"})
}

// operand splits the arguments of a command that needs a profile: profile is empty with
// --spec.
func (s *source) operand(cmd *cobra.Command, args []string) (profile string, rest []string, err error) {
	if profile, rest, err = s.split(cmd, args); err != nil {
		return "", nil, err
	}
	return profile, rest, s.check(cmd, profile)
}

// split is operand without a check of the flags.
func (s *source) split(cmd *cobra.Command, args []string) (profile string, rest []string, err error) {
	if s.spec != "" {
		return "", args, nil
	}
	if len(args) == 0 || args[0] == "" {
		return "", nil, misuse(cmd, "a PROFILE or --spec is needed")
	}
	return args[0], args[1:], nil
}

// check returns an error for flags that would have no effect. profile is empty if the command
// line names none. It may name others that --spec does not replace.
func (s *source) check(cmd *cobra.Command, profile string, others ...string) error {
	if s.spec == "" && (s.profileRoot != "" || s.unsetProfile != "") {
		return misuse(cmd, "--profile-root and --unset-profile need --spec")
	}
	if s.spec != "" && profile != "" {
		return misuse(cmd, "%q: a profile cannot be named beside --spec", profile)
	}
	if s.spec != "" && len(others) == 0 && len(s.capAdd)+len(s.capDrop) > 0 {
		return misuse(cmd, "--cap-add and --cap-drop: with --spec, the capabilities are those of the container")
	}
	s.capabilitiesCount = slices.Contains(append(others, profile), runtimeDefault)
	return nil
}

// load returns the profile with its meaning.
func (s *source) load(cmd *cobra.Command, profile string) (l *loaded, err error) {
	switch {
	case s.spec != "":
		l, err = s.loadSpec(cmd.InOrStdin())
	case profile == runtimeDefault:
		l = &loaded{origin: runtimeDefault}
		l.profile, err = s.loadDefault(cmd)
	default:
		l, err = s.loadFile(cmd, profile)
	}
	if err != nil {
		return nil, err
	}
	l.meaning, err = compile.Meaning(l.profile)
	return l, err
}

func (s *source) loadFile(cmd *cobra.Command, name string) (*loaded, error) {
	limit := seccomp.MaxProfileBytes
	if s.recordings {
		limit = recording.MaxBytes
	}
	text, err := read(cmd.InOrStdin(), name, limit)
	if err != nil {
		return nil, err
	}
	if s.recordings && isRecording(text) {
		return loadRecording(name, text)
	}
	at, err := s.place(cmd)
	if err != nil {
		return nil, err
	}
	file, err := seccomp.ParseFile(text, at)
	if err != nil {
		return nil, inFile(name, text, err)
	}
	if file.Condition < 0 && !s.capabilitiesCount && len(s.capAdd)+len(s.capDrop) > 0 {
		return nil, misuse(cmd, "--cap-add and --cap-drop: %s does not depend on capabilities, as RuntimeDefault and files in Docker's format do", name)
	}
	return &loaded{profile: file.Profile, origin: name, text: text, file: file}, nil
}

// place returns the place that the conditions of Docker's format are about: this node, and a
// container of ctr run with the capabilities of the flags.
func (s *source) place(cmd *cobra.Command) (seccomp.Place, error) {
	bounding, err := capabilities(s.capAdd, s.capDrop)
	if err != nil {
		return seccomp.Place{}, misuse(cmd, "%w", err)
	}
	return resolve.Here(bounding)
}

func (s *source) loadDefault(cmd *cobra.Command) (*seccomp.Profile, error) {
	bounding, err := capabilities(s.capAdd, s.capDrop)
	if err != nil {
		return nil, misuse(cmd, "%w", err)
	}
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: bounding}}}
	choice, err := resolve.Choose(spec, resolve.Options{UnsetProfile: runtimeDefault})
	if err != nil {
		return nil, err
	}
	return choice.Load()
}

// loadSpec loads the profile that the shim chooses for the container of an OCI spec.
func (s *source) loadSpec(stdin io.Reader) (*loaded, error) {
	data, err := read(stdin, s.spec, maxSpecBytes)
	if err != nil {
		return nil, err
	}
	spec, err := seccomp.ReadSpec(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.spec, err)
	}
	// Whether the container may be tried or recorded is not asked here.
	choice, err := resolve.Choose(spec, resolve.Options{UnsetProfile: s.unsetProfile, ProfileRoot: s.profileRoot, AllowTrial: true, AllowRecord: true, RecordUnder: "profile"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.spec, err)
	}
	p, err := choice.Load()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.spec, err)
	}
	if p == nil && isProfile(data) {
		return nil, fmt.Errorf("%s: this is a profile and no OCI spec: name it without --spec", s.spec)
	}
	if p == nil {
		return nil, fmt.Errorf("%s: the container is unconfined, so there is no profile: %s", s.spec, choice.Origin)
	}
	return &loaded{profile: p, origin: fmt.Sprintf("%s (%s)", s.spec, choice.Origin)}, nil
}

// isProfile reports whether data is a profile instead of an OCI spec.
func isProfile(data []byte) bool {
	return fieldsOf(data)["defaultAction"] != nil
}

// fieldsOf returns the fields of a JSON object, or none if data is something else.
func fieldsOf(data []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	return fields
}

// read reads a file or standard input. A longer input than limit bytes is an error.
func read(stdin io.Reader, name string, limit int) ([]byte, error) {
	in := stdin
	if name != stdinName {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s: more than the limit of %d bytes", name, limit)
	}
	return data, nil
}
