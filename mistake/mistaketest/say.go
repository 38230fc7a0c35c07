// Package mistaketest checks messages in tests.
package mistaketest

import (
	"strings"
	"testing"
)

// MustSay checks a message: it has all parts, stays below 1,000 bytes, since it
// travels in gRPC metadata, and is free of Go's own type names.
func MustSay(t *testing.T, message string, parts []string) {
	t.Helper()
	if len(message) > 1000 {
		t.Errorf("a message of %d bytes: %.200s…", len(message), message)
	}
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("%.1000q does not say %q", message, part)
		}
	}
	for _, jargon := range []string{"Go struct", "Go value"} {
		if strings.Contains(message, jargon) {
			t.Errorf("%.1000q says %q", message, jargon)
		}
	}
}
