package container

import (
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// reapStrays waits for the thread's children but the others. They have been
// killed, or end by themselves because the pipes to their parent are closed.
func reapStrays(others []int, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		var alive []int
		for _, pid := range ownChildren(unix.Gettid()) {
			if slices.Contains(others, pid) {
				continue
			}
			if reaped, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); reaped != pid {
				alive = append(alive, pid)
			}
		}
		if len(alive) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of the failed start survive it for %s", alive, limit)
		}
	}
}

// ownChildren returns the children of a thread of this process, if the kernel tells.
func ownChildren(thread int) []int {
	pids, _ := childrenOf(os.Getpid(), thread)
	return pids
}
