package resolve

import (
	"strings"
	"testing"

	"seccomp-shim/seccomp/denials"
)

// Only the operator can switch enforcement off; anybody may ask to be observed.
func TestObservation(t *testing.T) {
	asks := func(value string) request { return annotated(ObserveAnnotation, value) }
	with := func(r request, option denials.Mode, allowTrial bool) request {
		r.Observe, r.AllowTrial = option, allowTrial
		return r
	}
	for _, row := range []struct {
		fact  string
		given request
		want  Observation
		error string // a part; empty for none
	}{
		{"nobody asks", annotated(), Observation{}, ""},
		{"the option", with(annotated(), denials.Enforcing, false), Observation{Mode: denials.Enforcing}, ""},
		{"the option for a trial", with(annotated(), denials.Trial, false), Observation{Mode: denials.Trial}, ""},
		{"the annotation", asks("denials"), Observation{denials.Enforcing, true}, ""},
		{"the annotation for a trial", asks("trial"), Observation{}, "allow_trial"},
		{"a trial beside the option denials", with(asks("trial"), denials.Enforcing, false), Observation{}, "allow_trial"},
		{"a trial that the handler allows", with(asks("trial"), denials.Off, true), Observation{denials.Trial, true}, ""},
		{"a trial that is the handler's", with(asks("trial"), denials.Trial, false), Observation{denials.Trial, true}, ""},
		{"enforcement under a trial", with(asks("denials"), denials.Trial, false), Observation{denials.Enforcing, true}, ""},
		{"an unknown mode", asks("denial"), Observation{}, `"denial" is not a mode: must be denials or trial; did you mean "denials"?`},
		{"no mode", asks(""), Observation{}, "is not a mode"},
		{"a mode switched off", with(asks("off"), denials.Enforcing, true), Observation{}, "is not a mode"},
		{"a misspelt key", annotated("io.containerd.seccomp.v1/obsreve", "denials"), Observation{}, `did you mean "` + ObserveAnnotation},
		{"a sandbox", with(annotated(containerTypeAnnotation, "sandbox"), denials.Enforcing, false), Observation{}, ""},
		{"a sandbox that may not", annotated(containerTypeAnnotation, "sandbox", ObserveAnnotation, "trial"), Observation{}, "allow_trial"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			got, err := resolve(row.given)
			if row.error == "" && (err != nil || got.Observation != row.want) {
				t.Errorf("got %+v, %v", got.Observation, err)
			}
			if row.error != "" && (err == nil || !strings.Contains(err.Error(), row.error)) {
				t.Errorf("error %v, want %q", err, row.error)
			}
		})
	}
}
