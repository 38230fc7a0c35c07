package observe

import "time"

// A budget limits the time that the shim works for one container: a fifth of one processor,
// after a burst.
type budget struct {
	left time.Duration
	last time.Time
}

const (
	burst = 500 * time.Millisecond
	share = 5 // one part of so many

	// longestCall bounds what is charged for one call: a busy machine runs others meanwhile.
	longestCall = 100 * time.Microsecond
	// overdraft is what may be missing before a pause, so that pauses are not too short for
	// the clock.
	overdraft = 2 * time.Millisecond
)

func newBudget(now time.Time) *budget { return &budget{burst, now} }

// spend charges work that has ended now, and returns how long to pause before more.
func (b *budget) spend(work time.Duration, now time.Time) time.Duration {
	b.left = min(burst, b.left+now.Sub(b.last)/share) - min(work, longestCall)
	b.last = now
	if b.left > -overdraft {
		return 0
	}
	return -b.left * share
}
