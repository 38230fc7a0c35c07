package container

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// startIn starts a process with libcontainer. A start that fails half-way leaves
// children that libcontainer does not wait for: runc ends then, and the host's
// init reaps them. Here they are reaped; until then, as zombies in the
// container's pid namespace, they would keep its init from ending.
func startIn(lc *libcontainer.Container, lp *libcontainer.Process) error {
	// The kernel lists children by thread. What appears on this thread while it
	// is locked is libcontainer's.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := map[int]bool{}
	for _, pid := range threadsChildren() {
		before[pid] = true
	}
	if err := lc.Start(lp); err != nil {
		return errors.Join(translate(err), reapStrays(before, time.Second))
	}
	return nil
}

// reapStrays waits for the thread's children but those of before. They have been
// killed, or end by themselves because the pipes to their parent are closed.
func reapStrays(before map[int]bool, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		var alive []int
		for _, pid := range threadsChildren() {
			if before[pid] {
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

// threadsChildren returns the pids of the calling thread's children; none on a
// kernel without CONFIG_PROC_CHILDREN.
func threadsChildren() []int {
	text, _ := os.ReadFile("/proc/thread-self/children")
	var pids []int
	for _, field := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
