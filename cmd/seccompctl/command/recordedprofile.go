package command

import (
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/generate"
	"seccomp-shim/seccomp/recording"
)

// isRecording reports whether a file is a recording instead of a profile.
func isRecording(text []byte) bool {
	fields := fieldsOf(text)
	return fields["calls"] != nil && fields["defaultAction"] == nil
}

// loadRecording returns the profile that generate makes of a recording, with what the container
// has used.
func loadRecording(name string, text []byte) (*loaded, error) {
	r, err := recording.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", mistake.Shown(name), err)
	}
	made, err := generate.From([]generate.Source{{Name: mistake.Shown(name), Recording: r}}, generate.Options{Default: specs.ActErrno})
	if err != nil {
		return nil, err
	}
	profile, err := made.OCI()
	if err != nil {
		return nil, err
	}
	l := &loaded{origin: name, used: map[string]uint64{}}
	if l.profile, err = seccomp.Parse(profile); err != nil {
		return nil, fmt.Errorf("%s: the profile of a recording: %w", mistake.Shown(name), err)
	}
	for _, c := range r.Calls {
		if c.Syscall != "" {
			l.used[c.Syscall] += c.Count
		}
	}
	l.facts = [][2]string{{"recorded", strings.Join(made.Header, "; ")}, {"while it ran under", r.Under}}
	if gaps := r.Gaps(); len(gaps) > 0 {
		l.facts = append(l.facts, [2]string{"incomplete", strings.Join(gaps, "; ")})
	}
	return l, nil
}
