package compile

import (
	"fmt"
	"slices"
	"testing"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
)

// What the features promise compiles, and what they leave out does not.
func TestFeaturesAreWhatCompiles(t *testing.T) {
	f := Features()
	for _, row := range []struct {
		what    string
		all     []string
		promise []string
		profile string
	}{
		{"action", texts(libseccomp.Actions()), f.Actions,
			`{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/a.sock","syscalls":[{"names":["getpgid"],"action":%q}]}`},
		{"operator", texts(libseccomp.Operators()), f.Operators,
			`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":%q}]}]}`},
		{"architecture", texts(libseccomp.Architectures()), f.Archs,
			`{"defaultAction":"SCMP_ACT_ALLOW","architectures":[%q]}`},
		{"flag", f.KnownFlags, f.SupportedFlags,
			`{"defaultAction":"SCMP_ACT_ALLOW","flags":[%q],"listenerPath":"/run/a.sock","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_NOTIFY"}]}`},
	} {
		if len(row.promise) == 0 || !slices.IsSorted(row.promise) {
			t.Errorf("%ss: %v", row.what, row.promise)
		}
		for _, value := range row.all {
			p, err := seccomp.Parse([]byte(fmt.Sprintf(row.profile, value)))
			if err == nil {
				_, err = Translate(t.Context(), p)
			}
			if promised := slices.Contains(row.promise, value); promised != (err == nil) {
				t.Errorf("%s %s: promised is %v; compiled: %v", row.what, value, promised, err)
			}
		}
	}
}

func texts[T ~string](values []T) []string {
	var all []string
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}
