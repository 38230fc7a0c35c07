package container

import (
	"testing"
	"time"
)

func TestPoll(t *testing.T) {
	calls := 0
	if !poll(time.Millisecond, longEnough, func() bool { calls++; return calls == 3 }) || calls != 3 {
		t.Errorf("it ends after %d calls", calls)
	}
	if poll(time.Millisecond, aMoment, func() bool { return false }) {
		t.Error("it does not end at its limit")
	}
	if !poll(time.Hour, 0, func() bool { return true }) {
		t.Error("it does not look before it waits")
	}
}
