package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/containerd/v2/pkg/oci"
	"golang.org/x/sys/unix"
)

const systemdSlice = "itest.slice"

// With SystemdCgroup, systemd makes the container's cgroup: a scope in the slice
// that cgroupsPath names, with the spec's limits, which goes with the task.
func TestSystemdCgroup(t *testing.T) {
	t.Parallel()
	needSystemd(t)
	for _, row := range []struct {
		fact string
		end  func(*testing.T, *container)
	}{
		{"killed", func(t *testing.T, c *container) { c.kill(t) }},
		{"killed with its shim", func(t *testing.T, c *container) {
			if err := unix.Kill(shimOf(t, c.task.Pid()), unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			// containerd has the shim's binary clean up, which says nothing to those
			// who wait. What else is left then is TestKilledShim's matter.
			t.Cleanup(func() { removeSockets(t, c.ID()) })
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			c, unit := holdInScope(t, limits...)
			folder := cgroupFolder(t, c.task.Pid(), "memory")
			if want := filepath.Join(systemdSlice, unit); !strings.HasSuffix(folder, want) {
				t.Errorf("the cgroup is %s, want one that ends in %s", folder, want)
			}
			mustBeLimited(t, c)
			mustHaveProperties(t, unit, "ActiveState=active", "Slice="+systemdSlice, "MemoryMax=67108864", "TasksMax=17",
				"CPUQuotaPerSecUSec=200ms", "Delegate=yes")
			pid := c.holdExec(t)
			if got, want := cgroupsOf(t, pid), cgroupsOf(t, c.task.Pid()); !slices.Equal(got, want) {
				t.Errorf("an exec is in %q, init in %q", got, want)
			}
			row.end(t, c)
			eventually(t, unit+" is gone", func() bool {
				_, err := os.Stat(folder)
				return os.IsNotExist(err) && slices.Contains(properties(t, unit), "LoadState=not-found")
			})
		})
	}
}

// systemd reads its units again; limits and device rules stay.
func TestSystemdReload(t *testing.T) {
	needSystemd(t)
	c, _ := holdInScope(t, limits...)
	if out, err := exec.Command("systemctl", "daemon-reload").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mustBeLimited(t, c)
	for script, want := range map[string]string{
		"exec 2>&1; busybox mknod /tmp/kmsg c 1 11; : >/tmp/kmsg": "Operation not permitted",
		"echo x >/dev/null && echo opened":                        "opened",
	} {
		if got := c.exec(t, sh(script)); !strings.Contains(got.stdout, want) {
			t.Errorf("%s: %+v, want %q", script, got, want)
		}
	}
}

// A refused container leaves no unit behind.
func TestSystemdRefusal(t *testing.T) {
	t.Parallel()
	needSystemd(t)
	id := newID(t)
	c := newContainerWith(t, id, systemdHandler, []string{"/no/such/program"}, inScope(id))
	task, err := c.NewTask(bounded(t), toStreams(nil, &output{}, &output{}))
	if err == nil {
		err = task.Start(bounded(t))
	}
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("error %v does not name the program", err)
	}
	if err := remove(id); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is no unit", func() bool { return slices.Contains(properties(t, scopeOf(id)), "LoadState=not-found") })
}

var systemdHandler = &runtimeoptions.Options{ConfigBody: []byte("SystemdCgroup = true\n")}

// holdInScope is hold with the systemd driver. It returns the scope's name too.
func holdInScope(t *testing.T, opts ...oci.SpecOpts) (*container, string) {
	t.Helper()
	id := newID(t)
	c := &container{
		Container: newContainerWith(t, id, systemdHandler, calls("hold"), append(opts, inScope(id))...),
		stdout:    &output{}, stderr: &output{},
	}
	var err error
	if c.task, err = c.NewTask(bounded(t), toStreams(nil, c.stdout, c.stderr)); err != nil {
		t.Fatal(err)
	}
	if c.exits, err = c.task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.task.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	c.stdout.await(t, "hold -> waiting")
	return c, scopeOf(id)
}

// inScope is cgroupsPath as the systemd driver reads it: slice:prefix:name.
func inScope(id string) oci.SpecOpts {
	return oci.WithCgroup(fmt.Sprintf("%s:%s:%s", systemdSlice, node.Namespace(), id))
}

func scopeOf(id string) string { return fmt.Sprintf("%s-%s.scope", node.Namespace(), id) }

func needSystemd(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		t.Skip("needs systemd as the host's init (make test-vm has it)")
	}
}

// properties are systemd's of a unit, as name=value.
func properties(t *testing.T, unit string) []string {
	t.Helper()
	out, err := exec.Command("systemctl", "show", unit).Output()
	if err != nil {
		t.Fatal(err)
	}
	return lines(string(out))
}

func mustHaveProperties(t *testing.T, unit string, want ...string) {
	t.Helper()
	got := properties(t, unit)
	for _, property := range want {
		if !slices.Contains(got, property) {
			name, _, _ := strings.Cut(property, "=")
			i := slices.IndexFunc(got, func(p string) bool { return strings.HasPrefix(p, name+"=") })
			t.Errorf("%s: want %s, got %s", unit, property, got[max(i, 0)])
		}
	}
}

// removeSockets removes the files of sockets on which nobody listens any more.
func removeSockets(t *testing.T, id string) {
	t.Helper()
	for _, left := range node.Leftovers(id) {
		path, isSocket := strings.CutPrefix(left, "socket ")
		if path, dead := strings.CutSuffix(path, " (nobody listens)"); isSocket && dead {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				t.Error(err)
			}
		}
	}
}
