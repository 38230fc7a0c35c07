package check

import (
	"context"
	"errors"
	"testing"
)

func TestBudgetIsUsedUp(t *testing.T) {
	b := &budget{ctx: t.Context(), left: 10}
	if !b.spend(10) || b.err != nil {
		t.Error("what is left cannot be spent")
	}
	if b.spend(1) || b.spend(0) || !errors.Is(b.err, ErrTooComplex) {
		t.Errorf("more can be spent; error %v", b.err)
	}
}

func TestBudgetEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &budget{ctx: ctx, left: 10 * checkpoint}
	cancel()
	for range checkpoint + 1 {
		b.spend(1)
	}
	if !errors.Is(b.err, context.Canceled) {
		t.Errorf("error %v", b.err)
	}
}
