// Package mistaketest checks messages in tests.
package mistaketest

import (
	"strings"
	"testing"
)

// MustSay checks that a message contains all parts, has at most 1,000 bytes, because
// containerd sends it in gRPC metadata, and names no types of Go.
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
