package container

import "time"

// poll calls done until it returns true, or until limit has passed, and then returns
// false. It is for what the kernel reports by no event.
func poll(every, limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); !done(); time.Sleep(every) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
