package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// cgroupView gives a container a cgroup namespace and mounts its cgroups.
func cgroupView(access string) oci.SpecOpts {
	return oci.Compose(
		oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.CgroupNamespace}),
		oci.WithMounts([]specs.Mount{{Type: "cgroup", Source: "cgroup", Destination: "/sys/fs/cgroup",
			Options: []string{"nosuid", "noexec", "nodev", access}}}))
}

// In a cgroup namespace the container's own cgroup is the root, for init and for execs.
// The container can read its limits there.
func TestCgroupNamespace(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil, cgroupView("ro"), oci.WithPidsLimit(17))
	file := "/sys/fs/cgroup/pids.max"
	if !unified() {
		file = "/sys/fs/cgroup/pids/pids.max"
	}
	if got := c.exec(t, []string{"/bin/cat", file}); got.stdout != "17\n" {
		t.Errorf("%s: %+v", file, got)
	}
	for who, pid := range map[string]string{"init": "1", "an exec": "self"} {
		got := c.exec(t, []string{"/bin/cat", "/proc/" + pid + "/cgroup"})
		for _, line := range lines(got.stdout) {
			// On v1, hierarchies without a controller that libcontainer uses stay as
			// they are.
			if controller := strings.Split(line, ":")[1]; (unified() || controller == "pids") && !strings.HasSuffix(line, ":/") {
				t.Errorf("%s: %s", who, line)
			}
		}
	}
}

// A program that manages cgroups of its own, as systemd does, moves itself into a child
// cgroup. The kernel then allows no process in the parent, so an exec cannot join the
// container's cgroup and joins init's. Pause, Pids and Delete still reach all of it.
func TestNestedCgroup(t *testing.T) {
	t.Parallel()
	if !unified() {
		t.Skip("cgroup v1 allows processes everywhere")
	}
	const script = `cd /sys/fs/cgroup && busybox mkdir inner inner/deep && echo 1 >inner/cgroup.procs &&
		echo +pids +memory >cgroup.subtree_control && echo ready && sleep 1000; true`
	id := newID(t)
	c := launch(t, id, sh(script), cgroupView("rw"))
	c.stdout.await(t, "ready")
	folder := filepath.Dir(cgroupFolder(t, c.task.Pid(), ""))
	if got := c.exec(t, []string{"/bin/cat", "/proc/self/cgroup"}); got.stdout != "0::/inner\n" {
		t.Errorf("an exec's cgroup: %+v", got)
	}
	exec := c.holdExec(t)
	pids, err := c.task.Pids(bounded(t))
	if err != nil || len(pids) != 3 { // the shell, sleep and the exec
		t.Errorf("with exec %d there are %v, %v", exec, pids, err)
	}
	if err := c.task.Pause(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "inner", "cgroup.events")); !strings.Contains(string(text), "frozen 1") {
		t.Errorf("paused, the inner cgroup is %q, %v", text, err)
	}
	if err := c.task.Resume(bounded(t)); err != nil {
		t.Fatal(err)
	}
	c.kill(t)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s after delete: %v", folder, err)
	}
}
