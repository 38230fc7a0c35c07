package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A program makes cgroups at the root that it sees, and leaves them. They are below the
// program's own cgroups, and Remove removes them.
func TestOwnCgroups(t *testing.T) {
	const name = "testbed-left"
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes cgroups")
	}
	if IsPrivate() {
		leaveCgroups(t, name)
		return
	}
	own, err := NewOwnCgroups("testbed")
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := Again(t.Context(), syscall.CLONE_NEWNS)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = []string{cmd.Path, "-test.run", "^TestOwnCgroups$", "-test.v"}
	cmd.Env = append(cmd.Env, own.Env())
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	for _, root := range cgroupRoots() {
		if _, err := os.Stat(filepath.Join(root, string(own), name, "below")); err != nil {
			t.Errorf("not below the own cgroup: %v", err)
		}
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s is in the host's root", filepath.Join(root, name))
		}
	}
	if err := own.Remove(); err != nil {
		t.Error(err)
	}
	for _, root := range cgroupRoots() {
		if _, err := os.Stat(filepath.Join(root, string(own))); err == nil {
			t.Errorf("%s is still there", filepath.Join(root, string(own)))
		}
	}
}

// leaveCgroups is the program of TestOwnCgroups. It runs in a child.
func leaveCgroups(t *testing.T, name string) {
	if err := MountPrivately(); err != nil {
		t.Fatal(err)
	}
	if err := EnterOwnCgroups(); err != nil {
		t.Fatal(err)
	}
	for _, root := range cgroupRoots() {
		if err := os.MkdirAll(filepath.Join(root, name, "below"), 0o755); err != nil {
			t.Error(err)
		}
	}
	seen, err := exec.Command("cat", "/proc/self/cgroup").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(seen)) {
		if path := line[strings.LastIndex(line, ":")+1:]; path != "/\n" && path != "/self\n" {
			t.Errorf("a child is not at the root of its cgroups: %s", line)
		}
	}
}
