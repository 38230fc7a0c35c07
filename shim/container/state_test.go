package container

import (
	"errors"
	"testing"
)

// The state machine, cell by cell, as containerd's clients see it: ok, a wrong
// state (FailedPrecondition), or nothing left (NotFound).
func TestLegality(t *testing.T) {
	const (
		ok    = ""
		wrong = "wrong"
		gone  = "gone"
	)
	table := map[State]map[Op]string{
		Created: {OpStart: ok, OpExec: ok, OpKill: ok, OpPause: wrong, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: wrong, OpDelete: ok},
		Running: {OpStart: wrong, OpExec: ok, OpKill: ok, OpPause: ok, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: ok, OpDelete: wrong},
		Pausing: {OpStart: wrong, OpExec: wrong, OpKill: ok, OpPause: wrong, OpResume: wrong, OpResize: ok, OpUpdate: ok, OpCheckpoint: wrong, OpDelete: wrong},
		Paused:  {OpStart: wrong, OpExec: wrong, OpKill: ok, OpPause: wrong, OpResume: ok, OpResize: ok, OpUpdate: ok, OpCheckpoint: ok, OpDelete: wrong},
		Stopped: {OpStart: wrong, OpExec: wrong, OpKill: gone, OpPause: wrong, OpResume: wrong, OpResize: wrong, OpUpdate: wrong, OpCheckpoint: wrong, OpDelete: ok},
		Deleted: {OpStart: wrong, OpExec: wrong, OpKill: gone, OpPause: wrong, OpResume: wrong, OpResize: wrong, OpUpdate: wrong, OpCheckpoint: wrong, OpDelete: gone},
	}
	for s := range numStates {
		for op := range numOps {
			want, listed := table[s][op]
			if !listed {
				t.Errorf("%s in state %s is not in the table", op, s)
			}
			got := ok
			var stateErr *StateError
			if err := check(op, s); errors.As(err, &stateErr) {
				got = wrong
				if stateErr.Gone {
					got = gone
				}
			}
			if got != want {
				t.Errorf("%s in state %s: got %q, want %q", op, s, got, want)
			}
		}
	}
}

func TestStateErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"cannot delete a running process": check(OpDelete, Running),
		"cannot exec in a paused process": check(OpExec, Paused),
		"process already finished":        check(OpKill, Stopped),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEarlyExitText(t *testing.T) {
	for want, status := range map[string]int{
		"the container's init exited with status 255 before it ran the program": 255,
		"the container's init was killed by SIGSYS before it ran the program":   128 + 31,
	} {
		if err := (&EarlyExitError{Status: status}); err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
