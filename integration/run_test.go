package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

func TestRun(t *testing.T) {
	t.Parallel()
	id := newID(t)
	got := ctr(t, runArgs(id, []string{"--rm"}, sh("echo out; echo err >&2; exit 3"))...)
	if want := (testbed.Result{Stdout: "out\n", Stderr: "err\n", ExitCode: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if left := node.AwaitGone(id); len(left) > 0 {
		t.Errorf("after --rm:\n%s", strings.Join(left, "\n"))
	}
}

func TestRunWithStdin(t *testing.T) {
	t.Parallel()
	got := piped(t, strings.NewReader("in\n"), runArgs(newID(t), []string{"--rm"}, sh("cat; exit 2")))
	if want := (testbed.Result{Stdout: "in\n", ExitCode: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRunDetached(t *testing.T) {
	t.Parallel()
	id := newID(t)
	mustCtr(t, runArgs(id, []string{"-d"}, []string{"/bin/sleep", "1000"})...)
	pid := taskPid(t, id, "RUNNING")
	// After Start, init becomes the program a moment later.
	eventually(t, "the task's process runs the program", func() bool {
		exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
		return err == nil && exe == "/bin/busybox"
	})
	mustCtr(t, "task", "kill", "--signal", "SIGKILL", id)
	eventually(t, "the task is stopped", func() bool { return strings.Contains(taskLine(t, id), "STOPPED") })
	mustCtr(t, "task", "delete", id)
	mustCtr(t, "container", "delete", id)
	if left := node.AwaitGone(id); len(left) > 0 {
		t.Errorf("after delete:\n%s", strings.Join(left, "\n"))
	}
}

func TestProgramThatIsMissing(t *testing.T) {
	t.Parallel()
	id := newID(t)
	got := ctr(t, runArgs(id, []string{"--rm"}, []string{"/no/such/program"})...)
	if got.ExitCode == 0 || !strings.Contains(got.Stderr, `"/no/such/program"`) || !strings.Contains(got.Stderr, "no such file") {
		t.Errorf("got %+v", got)
	}
	if left := node.AwaitGone(id); len(left) > 0 {
		t.Errorf("left on the host:\n%s", strings.Join(left, "\n"))
	}
}

// The shim works without a runc in its PATH.
func TestNoRuncBinary(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(shimOf(t, c.task.Pid())), "environ"))
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	for variable := range strings.SplitSeq(string(environ), "\x00") {
		if value, found := strings.CutPrefix(variable, "PATH="); found {
			path = value
		}
	}
	if path == "" {
		t.Error("the shim has no PATH")
	}
	for _, dir := range filepath.SplitList(path) {
		if runc, err := exec.LookPath(filepath.Join(dir, "runc")); err == nil {
			t.Errorf("in the shim's PATH: %s", runc)
		}
	}
}

// taskLine returns a container's line of `ctr task ls`: id, pid, status.
func taskLine(t *testing.T, id string) string {
	t.Helper()
	for line := range strings.Lines(mustCtr(t, "task", "ls")) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == id {
			return line
		}
	}
	return ""
}

func taskPid(t *testing.T, id, status string) int {
	t.Helper()
	fields := strings.Fields(taskLine(t, id))
	if len(fields) != 3 || fields[2] != status {
		t.Fatalf("the task is not %s: %q", status, fields)
	}
	pid, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// shimOf returns the pid of the shim that serves a container: the parent of init.
func shimOf(t *testing.T, init uint32) int {
	t.Helper()
	pid, err := strconv.Atoi(statusField(t, init, "PPid"))
	if err != nil {
		t.Fatal(err)
	}
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil || !strings.HasPrefix(string(comm), "containerd-shim") {
		t.Fatalf("the parent of init %d is %q, %v", init, comm, err)
	}
	return pid
}

// statusField reads a field of /proc/<pid>/status.
func statusField(t *testing.T, pid uint32, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(pid)), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("process %d has no field %s", pid, name)
	return ""
}
