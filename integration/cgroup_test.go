package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/containerd/cgroups/v3"
	v1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	v2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// limits are set in the spec; limitFiles lists the kernel's files and their wanted
// values.
var limits = []oci.SpecOpts{
	oci.WithMemoryLimit(64 << 20), oci.WithCPUCFS(20000, 100000), oci.WithCPUShares(512), oci.WithPidsLimit(17),
}

var limitFiles = []struct{ controller, v1, want1, v2, want2 string }{
	{"memory", "memory.limit_in_bytes", "67108864", "memory.max", "67108864"},
	{"cpu", "cpu.cfs_quota_us", "20000", "cpu.max", "20000 100000"},
	{"cpu", "cpu.shares", "512", "cpu.weight", "59"}, // 59 is runc's conversion of 512 shares
	{"pids", "pids.max", "17", "pids.max", "17"},
}

// Each limit of the spec is set in the container's cgroup.
func TestLimits(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil, limits...)
	mustBeLimited(t, c)
}

func mustBeLimited(t *testing.T, c *container) {
	t.Helper()
	for _, f := range limitFiles {
		name, want := f.v1, f.want1
		if unified() {
			name, want = f.v2, f.want2
		}
		if got := cgroupFile(t, c, f.controller, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Metrics are read from the container's own cgroup. Their message has the type that
// containerd's clients expect for the host's cgroup version.
func TestMetricsOfLimits(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil, limits...)
	metric, err := c.task.Metrics(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	message, err := typeurl.UnmarshalAny(metric.Data)
	if err != nil {
		t.Fatal(err)
	}
	var memory, usage, cpu, pids uint64
	switch m := message.(type) {
	case *v1.Metrics:
		memory, usage = m.GetMemory().GetUsage().GetLimit(), m.GetMemory().GetUsage().GetUsage()
		cpu, pids = m.GetCPU().GetUsage().GetTotal(), m.GetPids().GetLimit()
	case *v2.Metrics:
		memory, usage = m.GetMemory().GetUsageLimit(), m.GetMemory().GetUsage()
		cpu, pids = m.GetCPU().GetUsageUsec(), m.GetPids().GetLimit()
	}
	if _, isV2 := message.(*v2.Metrics); isV2 != unified() {
		t.Errorf("the message is a %T", message)
	}
	if memory != 64<<20 || pids != 17 || usage == 0 || cpu == 0 {
		t.Errorf("memory %d of %d, cpu %d, at most %d processes: %v", usage, memory, cpu, pids, message)
	}
}

// The kernel refuses more processes than the spec allows.
func TestPidsLimit(t *testing.T) {
	t.Parallel()
	got := execute(t, sh("sleep 5 & sleep 5 & sleep 5 & sleep 5 & true"), oci.WithPidsLimit(3))
	if got.code == 0 || !strings.Contains(got.stderr, "fork") {
		t.Errorf("got %+v", got)
	}
}

// A program can make a device that the spec does not allow, but neither init nor an
// exec can open it. On v2 the spec's rules are a BPF program.
func TestDeniedDevice(t *testing.T) {
	t.Parallel()
	const makeAndOpen = "exec 2>&1; busybox mknod /tmp/kmsg c 1 11; : >/tmp/kmsg && echo opened"
	for _, row := range []struct {
		fact string
		opts []oci.SpecOpts
		want string
	}{
		{"not named", nil, "Operation not permitted"},
		{"allowed", []oci.SpecOpts{allowKmsg("rwm")}, "opened"},
		{"allowed to read", []oci.SpecOpts{allowKmsg("rm")}, "Operation not permitted"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, row.opts...)
			for _, script := range []string{makeAndOpen, makeAndOpen} { // the first makes the device, the second finds it
				if got := c.exec(t, sh(script)); !strings.Contains(got.stdout, row.want) {
					t.Errorf("an exec: %+v, want %q", got, row.want)
				}
			}
			if got := execute(t, sh(makeAndOpen), row.opts...); !strings.Contains(got.stdout, row.want) {
				t.Errorf("init: %+v, want %q", got, row.want)
			}
			if got := c.exec(t, sh("echo x >/dev/null && echo opened")); got.stdout != "opened\n" {
				t.Errorf("an exec that opens /dev/null: %+v", got)
			}
		})
	}
}

func allowKmsg(access string) oci.SpecOpts {
	major, minor := int64(1), int64(11)
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		rules := &s.Linux.Resources.Devices
		*rules = append(*rules, specs.LinuxDeviceCgroup{Allow: true, Type: "c", Major: &major, Minor: &minor, Access: access})
		return nil
	}
}

// Pause freezes all processes of a container, also those of execs.
func TestPauseFreezesCgroup(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	c.holdExec(t)
	mustBeFrozen(t, c, false)
	if err := c.task.Pause(bounded(t)); err != nil {
		t.Fatal(err)
	}
	mustBeFrozen(t, c, true)
	if err := c.task.Resume(bounded(t)); err != nil {
		t.Fatal(err)
	}
	mustBeFrozen(t, c, false)
}

func mustBeFrozen(t *testing.T, c *container, want bool) {
	t.Helper()
	var got bool
	if unified() {
		got = slices.Contains(lines(cgroupFile(t, c, "", "cgroup.events")), "frozen 1")
	} else {
		got = cgroupFile(t, c, "freezer", "freezer.state") == "FROZEN"
	}
	if got != want {
		t.Errorf("frozen is %v, want %v", got, want)
	}
}

// An exec'd process is in the container's cgroup in every hierarchy.
func TestExecJoinsCgroup(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	pid := c.holdExec(t)
	if got, want := cgroupsOf(t, pid), cgroupsOf(t, c.task.Pid()); !slices.Equal(got, want) {
		t.Errorf("an exec is in %q, init in %q", got, want)
	}
	procs := lines(cgroupFile(t, c, "pids", "cgroup.procs"))
	for _, member := range []uint32{pid, c.task.Pid()} {
		if !slices.Contains(procs, strconv.Itoa(int(member))) {
			t.Errorf("%d is not in the cgroup with %q", member, procs)
		}
	}
}

// Delete removes the cgroup. TestSystemdCgroup covers a killed shim.
func TestDeleteRemovesCgroup(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	folder := cgroupFolder(t, c.task.Pid(), "memory")
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	c.kill(t)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("%s after delete: %v", folder, err)
	}
}

// unified reports whether the host has cgroup v2 alone.
func unified() bool { return cgroups.Mode() == cgroups.Unified }

// cgroupFile reads a file of the container's cgroup; on v1, in the controller's
// hierarchy.
func cgroupFile(t *testing.T, c *container, controller, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(cgroupFolder(t, c.task.Pid(), controller), name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func cgroupFolder(t *testing.T, pid uint32, controller string) string {
	t.Helper()
	const root = "/sys/fs/cgroup"
	for _, line := range cgroupsOf(t, pid) {
		f := strings.SplitN(line, ":", 3) // number, controllers, path
		switch {
		case unified() && f[0] == "0":
			return filepath.Join(root, f[2])
		case !unified() && slices.Contains(strings.Split(f[1], ","), controller):
			return filepath.Join(root, controller, f[2])
		}
	}
	t.Fatalf("no cgroup of %q: %q", controller, cgroupsOf(t, pid))
	return ""
}

func cgroupsOf(t *testing.T, pid uint32) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(pid)), "cgroup"))
	if err != nil {
		t.Fatal(err)
	}
	return lines(string(text))
}

// A systemd cgroupsPath without SystemdCgroup runs outside of the slice. The shim does
// not refuse it, because containerd 1.6 drops the option, but logs a warning.
func TestSlicePathWithoutSystemdCgroup(t *testing.T) {
	t.Parallel()
	id := newID(t)
	hold(t, id, nil, inScope(id))
	path := fmt.Sprintf("%s:%s:%s", systemdSlice, node.Namespace(), id)
	eventually(t, "the log warns of it", func() bool {
		for line := range strings.Lines(nodeLog.String()) {
			if strings.Contains(line, "level=warning") && strings.Contains(line, path) && strings.Contains(line, "SystemdCgroup is off") {
				return true
			}
		}
		return false
	})
}
