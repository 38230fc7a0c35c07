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
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Setenv(shimEnv, filepath.Join(testbed.BinDir(), testbed.ShimBinary(runtimeName)))
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		testbed.ShimBinary(runtimeName): self,
		"containerd":                    filepath.Join(testbed.BinDir(), "containerd"),
		"ctr":                           filepath.Join(testbed.BinDir(), "ctr"),
	} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	old, err := testbed.Start(t.Context(), testbed.Options{Bin: bin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := old.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := old.Import(t.Context(), imageName, testbed.Rootfs{Files: programs}); err != nil {
		t.Fatal(err)
	}
	must := func(args ...string) string {
		t.Helper()
		got, err := old.Ctr(bounded(t), args...)
		if err != nil || got.ExitCode != 0 {
			t.Fatalf("ctr %s: %+v, %v", strings.Join(args, " "), got, err)
		}
		return got.Stdout
	}
	must("run", "-d", "--null-io", "--runtime", runtimeName, imageName, "old", "/bin/sleep", "1000")
	must("task", "exec", "--detach", "--fifo-dir", old.FIFODir(), "--exec-id", "e", "old", "/bin/sleep", "1000")
	pids := regexp.MustCompile(`(?m)^[0-9]+`).FindAllString(must("task", "ps", "old"), -1)
	if len(pids) != 2 {
		t.Errorf("processes %v, want init and an exec", pids)
	}
	for _, pid := range pids {
		mustBeInCgroup(t, pid, "/"+filepath.Join(old.Namespace(), "old"))
	}
	must("task", "kill", "--all", "--signal", "SIGKILL", "old")
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
