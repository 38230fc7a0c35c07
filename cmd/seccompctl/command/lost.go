package command

import (
	"fmt"
	"strings"

	"seccomp-shim/seccomp/audit"
)

// lostRecords says which records are missing, and who has dropped them.
type lostRecords struct {
	Queue       uint64 `json:"queue"`       // by the kernel's queue of records (audit_lost)
	RateLimit   uint64 `json:"rateLimit"`   // by the rate limit of the kernel's log
	Reader      uint64 `json:"reader"`      // because this program was too slow
	Overwritten bool   `json:"overwritten"` // lines of the kernel's log, which nobody counts
}

func (l lostRecords) String() string {
	var parts []string
	count := func(n uint64, by string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d by %s", n, by))
		}
	}
	count(l.Queue, "the kernel's queue (audit_lost)")
	count(l.RateLimit, "the rate limit of the kernel's log (callbacks suppressed)")
	count(l.Reader, "this reader, which was too slow")
	if l.Overwritten {
		parts = append(parts, "some by the kernel's log, which was full")
	}
	return "lost records: " + strings.Join(parts, ", ")
}

func (t *auditTally) addLoss(loss audit.Loss) {
	before := t.lost
	t.lost.RateLimit += loss.Suppressed
	t.lost.Reader += loss.Dropped
	t.lost.Overwritten = t.lost.Overwritten || loss.Overwritten
	t.newLoss = t.newLoss || t.lost != before
}

// askKernel updates what the kernel's queue has lost. With a reader of the past, that is since
// the machine has started; with one that follows, since the command has started.
func (t *auditTally) askKernel() {
	if t.statusErr != nil {
		return // it needs CAP_AUDIT_CONTROL in the first pid namespace
	}
	status, err := audit.ReadStatus()
	if err != nil {
		return
	}
	if lost := uint64(status.Lost - t.since); lost != t.lost.Queue {
		t.lost.Queue, t.newLoss = lost, true
	}
}
