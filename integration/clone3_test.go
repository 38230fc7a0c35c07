package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// shimEnv has the path of the shim that a copy of the test's binary becomes, under the
// name of a shim and a filter that denies clone3(2).
const shimEnv = "SECCOMP_SHIM_TEST_WITHOUT_CLONE3"

// On a kernel without clone3(2) a process cannot be made in its cgroup. It is moved there,
// with all that was passed to it; an exec too.
func TestWithoutClone3(t *testing.T) {
	t.Setenv(shimEnv, filepath.Join(testbed.BinDir(), testbed.ShimBinary(runtimeName)))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	old := startSeparateNode(t, linkBinaries(t, map[string]string{testbed.ShimBinary(runtimeName): self}))
	old.must(0, "run", "-d", "--null-io", "--runtime", runtimeName, imageName, "old", "/bin/sleep", "1000")
	old.must(0, "task", "exec", "--detach", "--fifo-dir", old.FIFODir(), "--exec-id", "e", "old", "/bin/sleep", "1000")
	pids := regexp.MustCompile(`(?m)^[0-9]+`).FindAllString(old.must(0, "task", "ps", "old"), -1)
	if len(pids) != 2 {
		t.Errorf("processes %v, want init and an exec", pids)
	}
	for _, pid := range pids {
		mustBeInCgroup(t, pid, "/"+filepath.Join(old.Namespace(), "old"))
	}
	old.must(0, "task", "kill", "--all", "--signal", "SIGKILL", "old")
}

// mustBeInCgroup checks that a process is in the container's cgroup in each hierarchy. The
// systemd hierarchy is the only one with a name that a container joins.
func mustBeInCgroup(t *testing.T, pid, group string) {
	t.Helper()
	lines, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(lines)) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, ":name=") && !strings.Contains(line, ":name=systemd:") {
			continue
		}
		if !strings.HasSuffix(line, group) {
			t.Errorf("process %s: %s, want %s", pid, line, group)
		}
	}
}
