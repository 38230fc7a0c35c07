package resolve

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func says(parts ...string) []string { return parts }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encoded(t *testing.T, spec *specs.LinuxSeccomp) string {
	t.Helper()
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// padded puts spaces before the profile, so that a short read misses it.
func padded(text string, size int) string {
	return strings.Repeat(" ", size-len(text)) + text
}
