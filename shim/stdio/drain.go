package stdio

import "time"

// drain waits for every output to reach point, or its end, or to lose its client. It
// returns earlier if no output has moved for the time of stall, or at limit unless that
// is zero. It does not wait at all if none has moved since an earlier drain has seen them
// stuck.
func (o *IO) drain(point func(*copier) <-chan struct{}, limit time.Time) {
	for moved := o.stuckAt.Load(); limit.IsZero() || time.Now().Before(limit); {
		now := int64(0)
		for _, c := range o.copies {
			now += c.moved.Load()
		}
		if now == moved {
			o.stuckAt.Store(now)
			return
		}
		if o.outputsReach(point, stall) {
			return
		}
		moved = now
	}
}

// outputsReach reports whether within limit every output that was started and has a
// client reaches point or its end. It has to look for the client again and again: while
// the shim has a reading end of the FIFO too, the kernel reports no event when the client
// closes its own.
func (o *IO) outputsReach(point func(*copier) <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	look := time.NewTicker(limit / 20)
	defer look.Stop()
	for _, c := range o.copies {
		if !c.started.Load() {
			continue
		}
		for waits := true; waits && !c.readEnd.gone(c.dst); {
			select {
			case <-point(c):
				waits = false
			case <-c.done:
				waits = false
			case <-look.C:
			case <-timer.C:
				return false
			}
		}
	}
	return true
}
