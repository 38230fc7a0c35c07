package cri

import (
	"context"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

// patience is the limit for steps that usually take milliseconds; a busy machine is
// slower.
var patience = testbed.Patient(20 * time.Second)

func needNode(t *testing.T) {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
}

// bounded returns the test's context with a deadline of patience.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually polls until the fact holds.
func eventually(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	if !testbed.HoldsWithin(patience, holds) {
		t.Fatalf("not so after %v: %s", patience, fact)
	}
}
