package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// After many execs a shim has as many descriptors, goroutines, threads and children as
// after a few.
func TestExecsLeaveNothingInShim(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact  string
		count int
		exec  func(t *testing.T, c *container)
	}{
		{"that succeed", 200, func(t *testing.T, c *container) {
			if got := c.exec(t, []string{"/bin/true"}); got.code != 0 {
				t.Fatalf("exec: %+v", got)
			}
		}},
		{"that cannot start", 40, func(t *testing.T, c *container) {
			p, err := c.addExec(t, toStreams(strings.NewReader("in"), &output{}, nil), []string{"/no/such/program"})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(bounded(t)); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
				t.Fatalf("error %v does not name the program", err)
			}
			if _, err := p.Delete(bounded(t)); err != nil {
				t.Fatal(err)
			}
		}},
		{"that are never started", 40, func(t *testing.T, c *container) {
			p, err := c.addExec(t, toStreams(strings.NewReader("in"), &output{}, nil), []string{"/bin/true"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Delete(bounded(t)); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			c := hold(t, newID(t), nil)
			shim := shimOf(t, c.task.Pid())
			for range 10 {
				row.exec(t, c)
			}
			before := resting(t, shim)
			for range row.count {
				row.exec(t, c)
			}
			// A burst of system calls may need a few threads more.
			const spare = 20
			var after contents
			if !testbed.HoldsWithin(patience, func() bool {
				after = resting(t, shim)
				return len(after.descriptors) <= len(before.descriptors) && after.children <= before.children &&
					len(after.stacks) <= len(before.stacks) && after.threads <= before.threads+spare
			}) {
				t.Errorf("before: %v\nafter: %v", before, after)
			}
		})
	}
}

// contents is what a shim holds at a moment.
type contents struct {
	descriptors       []string
	stacks            []string // of goroutines
	threads, children int
}

func (c contents) String() string {
	return fmt.Sprintf("%d threads, %d children, descriptors\n  %s\ngoroutines\n%s",
		c.threads, c.children, strings.Join(c.descriptors, "\n  "), strings.Join(c.stacks, "\n"))
}

// resting waits until two looks at a shim are the same.
func resting(t *testing.T, shim int) contents {
	t.Helper()
	var now contents
	eventually(t, "the shim rests", func() bool {
		before := now
		now = contents{links(t, shim), goroutines(t, shim), len(entries(t, shim, "task")), countChildren(t, shim)}
		return slices.Equal(before.descriptors, now.descriptors) && len(before.stacks) == len(now.stacks)
	})
	return now
}

func countChildren(t *testing.T, pid int) int {
	t.Helper()
	return len(children(pid))
}

// entries returns the names in a folder of /proc/<pid>.
func entries(t *testing.T, pid int, folder string) []string {
	t.Helper()
	found, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), folder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range found {
		names = append(names, e.Name())
	}
	return names
}

func links(t *testing.T, pid int) []string {
	t.Helper()
	var all []string
	for _, fd := range entries(t, pid, "fd") {
		target, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "fd", fd)) // it may be closed by now
		all = append(all, fd+" "+target)
	}
	return all
}

const (
	dumpStart = "=== BEGIN goroutine stack dump ==="
	dumpEnd   = "=== END goroutine stack dump ==="
)

var dumping sync.Mutex // the stacks of two shims would mix in the log

// goroutines makes a shim write its stacks to the log, by SIGUSR1 as for any of
// containerd's shims, and returns them.
func goroutines(t *testing.T, shim int) []string {
	t.Helper()
	dumping.Lock()
	defer dumping.Unlock()
	start := len(nodeLog.String())
	if err := unix.Kill(shim, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	dump := ""
	eventually(t, "the shim dumps its stacks", func() bool {
		_, after, _ := strings.Cut(nodeLog.String()[start:], dumpStart)
		var whole bool
		dump, _, whole = strings.Cut(after, dumpEnd)
		return whole
	})
	return regexp.MustCompile(`goroutine \d+ \[.*?(\\n\\n|$)`).FindAllString(dump, -1)
}
