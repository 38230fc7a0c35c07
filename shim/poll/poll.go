// Package poll waits for conditions that the kernel reports by no event.
package poll

import "time"

// Until calls done, and again after each pause, until it returns true. Until then returns
// true; it returns false if limit has passed.
func Until(pause, limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); !done(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
