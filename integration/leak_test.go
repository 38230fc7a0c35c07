package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// After many execs a shim has the descriptors, goroutines, threads and children
// that it had after a few.
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
			p, err := c.addExec(t, toStreams(nil, &output{}, nil), []string{"/no/such/program"})
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
			p, err := c.addExec(t, toStreams(nil, &output{}, nil), []string{"/bin/true"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Delete(bounded(t)); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(row.fact, func(t *testing.T) { // not in parallel: dumps of stacks would mix
			c := hold(t, newID(t), nil)
			shim := shimOf(t, c.task.Pid())
			for range 10 {
				row.exec(t, c)
			}
			before := resting(t, shim)
			for range row.count {
				row.exec(t, c)
			}
			// A few threads more may serve a burst of system calls.
			const spare = 20
			var after contents
			if !holdsWithin(patience, func() bool {
				after = resting(t, shim)
				return len(after.descriptors) <= len(before.descriptors) && after.children <= before.children &&
					after.goroutines <= before.goroutines && after.threads <= before.threads+spare
			}) {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
		})
	}
}

// contents is what a shim has.
type contents struct {
	descriptors                   []string
	goroutines, threads, children int
}

// resting looks until it sees the same twice.
func resting(t *testing.T, shim int) contents {
	t.Helper()
	var now contents
	eventually(t, "the shim rests", func() bool {
		before := now
		now = contents{links(t, shim), countGoroutines(t, shim), len(entries(t, shim, "task")), countChildren(t, shim)}
		return slices.Equal(before.descriptors, now.descriptors) && before.goroutines == now.goroutines
	})
	return now
}

func countChildren(t *testing.T, pid int) int {
	t.Helper()
	children := 0
	for _, task := range entries(t, pid, "task") {
		text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "task", task, "children")) // it may have ended
		children += len(strings.Fields(string(text)))
	}
	return children
}

// entries lists a folder of /proc/<pid>.
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

var (
	goroutine = regexp.MustCompile(`goroutine \d+ `)
	dumpEnd   = "=== END goroutine stack dump ==="
)

// countGoroutines makes a shim dump its stacks to the log, as any of
// containerd's does on SIGUSR1.
func countGoroutines(t *testing.T, shim int) int {
	t.Helper()
	start := len(nodeLog.String())
	if err := unix.Kill(shim, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	dump := ""
	eventually(t, "the shim dumps its stacks", func() bool {
		dump = nodeLog.String()[start:]
		return strings.Contains(dump, dumpEnd)
	})
	return len(goroutine.FindAllString(dump, -1))
}
