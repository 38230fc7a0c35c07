package container

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The count as each version of cgroups writes it.
func TestKillsAreCounted(t *testing.T) {
	for name, row := range map[string]struct {
		file, text string
		want       uint64
	}{
		"cgroup v1":           {"memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 3\n", 3},
		"cgroup v2":           {"memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 2\noom_group_kill 1\n", 2},
		"before Linux 4.13":   {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", 0},
		"no kill by the OOM":  {"memory.events", "max 120\noom 4\noom_kill 0\n", 0},
		"without a last line": {"memory.events", "oom_kill 7", 7},
	} {
		t.Run(name, func(t *testing.T) {
			w := &oomWatch{file: writeCounter(t, row.file, row.text)}
			if got, err := w.read(); err != nil || got != row.want {
				t.Errorf("read %d, %v; want %d", got, err, row.want)
			}
		})
	}
}

// cgroup v2 marks the file as modified. (The test writes a plain file, since this host may
// not have cgroup v2. Integration tests cover the event of cgroup v1.)
func TestKillIsReportedWhenItHappens(t *testing.T) {
	reported := make(chan int, 9)
	count := 0
	w := &oomWatch{file: writeCounter(t, "memory.events", "oom_kill 1\n"), seen: 1}
	w.report = func() { count++; reported <- count }
	if err := w.listen(); err != nil {
		t.Fatal(err)
	}
	for want, text := range []string{"oom_kill 2\n", "oom_kill 3\n"} {
		overwrite(t, w.file, text)
		select {
		case got := <-reported:
			if got != want+1 {
				t.Errorf("reported %d times, want %d", got, want+1)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q is not reported", text)
		}
	}
	w.check()
	w.close()
	overwrite(t, w.file, "oom_kill 4\n")
	w.check()
	if count != 2 {
		t.Errorf("reported %d times, want 2: once for each kill, and not after close", count)
	}
}

// A container without a memory cgroup, and a cgroup that is gone.
func TestNothingToCount(t *testing.T) {
	var none *oomWatch
	if err := none.listen(); err != nil {
		t.Error(err)
	}
	none.check()
	none.close()
	gone := &oomWatch{file: "/nonexistent/memory.events", report: func() { t.Error("reported") }}
	gone.check()
	gone.close()
}

func writeCounter(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	overwrite(t, path, text)
	return path
}

// overwrite changes a file in one step: a truncated one would be read as zero.
func overwrite(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
