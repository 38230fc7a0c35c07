package seccomp

import (
	"errors"
	"testing"

	"seccomp-shim/mistake/mistaketest"
)

// mustBlame checks that err is an *InvalidError for that field and value, and
// that its text names both.
func mustBlame(t *testing.T, err error, field, value string) {
	t.Helper()
	var refused *InvalidError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want an *InvalidError", err)
	}
	if refused.Field != field || refused.Value != value {
		t.Errorf("blames %q, value %.200q; want %q, value %q", refused.Field, refused.Value, field, value)
	}
	mistaketest.MustSay(t, err.Error(), []string{field, value})
}

func with(fields string) string {
	return `{"defaultAction":"SCMP_ACT_ERRNO",` + fields + `}`
}

func withRule(fields string) string {
	return with(`"syscalls":[{` + fields + `}]`)
}
