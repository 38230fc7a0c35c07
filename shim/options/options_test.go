package options

import (
	"strings"
	"testing"

	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"

	"seccomp-shim/seccomp/denials"
)

func read(t *testing.T, body string) (*Options, error) {
	t.Helper()
	message, err := typeurl.MarshalAny(&generic.Options{ConfigBody: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return Read(message)
}

// The mode of observation is one of the known words, or absent.
func TestObserve(t *testing.T) {
	for body, want := range map[string]denials.Mode{"": denials.Off, `observe = "denials"`: denials.Enforcing, `observe = "trial"`: denials.Trial, `observe = "record"`: denials.Recorded} {
		if o, err := read(t, body); err != nil || o.Observe != want || o.AllowTrial {
			t.Errorf("%s: %+v, %v", body, o, err)
		}
	}
	if o, err := read(t, "allow_trial = true"); err != nil || !o.AllowTrial || o.Observe != denials.Off {
		t.Errorf("allow_trial: %+v, %v", o, err)
	}
	for body, want := range map[string]string{
		`observe = "deny"`:    `option observe: "deny": must be "denials", "trial" or "record"`,
		`observe = "Trial"`:   `did you mean "trial"?`,
		`observe = true`:      `option "observe": the boolean true: must be text in quotes`,
		`allow_trial = "yes"`: `option "allow_trial": the string "yes": must be true or false`,
		`alow_trial = true`:   `unknown option "alow_trial"; did you mean "allow_trial"?`,
	} {
		if _, err := read(t, body); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", body, err, want)
		}
	}
}
