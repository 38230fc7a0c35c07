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
		{"the annotation for a recording", asks("record"), Observation{}, "allow_record"},
		{"a recording beside a trial", with(asks("record"), denials.Trial, true), Observation{}, "allow_record"},
		{"a recording that is the handler's", with(asks("record"), denials.Recorded, false), Observation{denials.Recorded, true}, ""},
		{"the option for a recording", with(annotated(), denials.Recorded, false), Observation{Mode: denials.Recorded}, ""},
		{"a sandbox beside a recording", with(annotated(containerTypeAnnotation, "sandbox"), denials.Recorded, false), Observation{}, ""},
		{"an unknown mode", asks("denial"), Observation{}, `"denial" is not a mode: must be denials, trial or record; did you mean "denials"?`},
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

// A recorded container runs under the profile that the operator has named, and the sandbox
// under its own.
func TestRecordedUnder(t *testing.T) {
	for _, row := range []struct {
		under, annotation string
		observe           denials.Mode
		sandbox           bool
		want              Source
		error             string
	}{
		{"", "RuntimeDefault", denials.Recorded, false, Unconfined, ""},
		{"", "RuntimeDefault", denials.Enforcing, false, RuntimeDefault, ""},
		{"", "RuntimeDefault", denials.Recorded, true, RuntimeDefault, ""},
		{"profile", "RuntimeDefault", denials.Recorded, false, RuntimeDefault, ""},
		{"profile", "", denials.Recorded, false, Unconfined, ""},
		{"RuntimeDefault", "Unconfined", denials.Recorded, false, RuntimeDefault, ""},
		{"RuntimeDefault", "Unconfined", denials.Trial, false, Unconfined, ""},
		{"Localhost/a.json", "Unconfined", denials.Recorded, false, Localhost, ""},
		{"Unconfined", "RuntimeDefault", denials.Recorded, false, Unconfined, ""},
		{"Localhost/../a.json", "", denials.Recorded, false, 0, "option record_under"},
		{"Default", "", denials.Off, false, 0, "option record_under"},
		{"profil", "", denials.Recorded, false, 0, `did you mean "profile"`},
	} {
		given := annotated()
		if row.annotation != "" {
			given = annotated(ours, row.annotation)
		}
		if row.sandbox {
			given.Annotations[containerTypeAnnotation] = "sandbox"
		}
		given.RecordUnder, given.Observe = row.under, row.observe
		got, err := resolve(given)
		if row.error == "" && (err != nil || got.Source != row.want) {
			t.Errorf("%+v: got %s, %v", row, got.Source, err)
		}
		if row.error != "" && (err == nil || !strings.Contains(err.Error(), row.error)) {
			t.Errorf("%+v: error %v", row, err)
		}
	}
	// linux.seccomp counts as the container's own profile.
	given := inline(annotated())
	given.RecordUnder, given.Observe = "profile", denials.Recorded
	if got, err := resolve(given); err != nil || got.Source != Inline {
		t.Errorf("inline: got %s, %v", got.Source, err)
	}
}
