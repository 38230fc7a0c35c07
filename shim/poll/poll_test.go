package poll

import (
	"testing"
	"time"
)

func TestUntil(t *testing.T) {
	calls := 0
	if !Until(time.Millisecond, time.Minute, func() bool { calls++; return calls == 3 }) || calls != 3 {
		t.Errorf("it ends after %d calls", calls)
	}
	if Until(time.Millisecond, 10*time.Millisecond, func() bool { return false }) {
		t.Error("it does not end at its limit")
	}
	if !Until(time.Hour, 0, func() bool { return true }) {
		t.Error("it does not look before the first pause")
	}
}
