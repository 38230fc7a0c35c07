package seccomp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func says(parts ...string) []string { return parts }

// mustSay checks a text for people: it names what it must, stays short, since
// it travels through gRPC metadata, and is free of Go's own type names.
func mustSay(t *testing.T, text string, parts []string) {
	t.Helper()
	if len(text) > 1000 {
		t.Errorf("a text of %d bytes: %.200s…", len(text), text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%.1000q does not say %q", text, part)
		}
	}
	for _, jargon := range []string{"Go struct", "Go value"} {
		if strings.Contains(text, jargon) {
			t.Errorf("%.1000q says %q", text, jargon)
		}
	}
}

// mustBlame checks that err is an *InvalidError for that field and value, and
// that its text names both.
func mustBlame(t *testing.T, err error, field, value string) {
	t.Helper()
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v, want an *InvalidError", err)
	}
	if invalid.Field != field || invalid.Value != value {
		t.Errorf("blames %q, value %.200q; want %q, value %q", invalid.Field, invalid.Value, field, value)
	}
	mustSay(t, err.Error(), says(field, value))
}

func with(fields string) string {
	return `{"defaultAction":"SCMP_ACT_ERRNO",` + fields + `}`
}

func withRule(fields string) string {
	return with(`"syscalls":[{` + fields + `}]`)
}

// decoded is what containerd makes of linux.seccomp, without any code of ours.
func decoded(t *testing.T, doc string) *specs.LinuxSeccomp {
	t.Helper()
	var spec specs.LinuxSeccomp
	if err := json.Unmarshal([]byte(doc), &spec); err != nil {
		t.Fatal(err)
	}
	return &spec
}

func encoded(t *testing.T, spec *specs.LinuxSeccomp) string {
	t.Helper()
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
