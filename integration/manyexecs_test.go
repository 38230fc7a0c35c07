package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A shim's memory and descriptors do not grow with the number of execs in a container.
// A health check makes some thousands of execs a day.
func TestStressExecs(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	shim := shimOf(t, c.task.Pid())
	execs := func(count int) {
		for range count {
			if got := c.exec(t, []string{"/bin/minimal"}); got.code != 7 {
				t.Fatalf("an exec: %+v", got)
			}
		}
	}
	count := 2 * stressLives(t)
	execs(count / 4)
	before, memory := resting(t, shim), anonymous(t, shim)
	execs(count)
	after, grown := resting(t, shim), anonymous(t, shim)-memory
	t.Logf("%d execs: %d KiB of private memory, %+d KiB", count, memory+grown, grown)
	if len(after.descriptors) > len(before.descriptors) || len(after.stacks) > len(before.stacks) {
		t.Errorf("before: %v\nafter: %v", before, after)
	}
	// Go's heap grows to 4 MiB before the first collection: see initService in package shim.
	if limit := 4096 + count; grown > limit {
		t.Errorf("%d execs cost %d KiB, more than %d", count, grown, limit)
	}
}

// anonymous returns a process's private memory in KiB, without the pages of its binary.
func anonymous(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		kib := 0
		if n, _ := fmt.Sscanf(line, "Anonymous: %d kB", &kib); n == 1 {
			return kib
		}
	}
	t.Fatalf("no Anonymous in %s", text)
	return 0
}
