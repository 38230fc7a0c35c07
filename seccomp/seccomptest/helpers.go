package seccomptest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Encoded returns linux.seccomp as JSON.
func Encoded(t testing.TB, spec *specs.LinuxSeccomp) string {
	t.Helper()
	b, err := json.Marshal(spec)
	Must(t, err)
	return string(b)
}

// Decoded decodes linux.seccomp as containerd does, without code of this project.
func Decoded(t testing.TB, text string) *specs.LinuxSeccomp {
	t.Helper()
	var spec specs.LinuxSeccomp
	Must(t, json.Unmarshal([]byte(text), &spec))
	return &spec
}

// Padded puts spaces before a profile's text, so that a read of the first size-1 bytes
// does not have all of it.
func Padded(text string, size int) string {
	return strings.Repeat(" ", size-len(text)) + text
}
