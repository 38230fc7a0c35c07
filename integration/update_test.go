package integration

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/anypb"
)

// limitFile is the file of a cgroup that holds a resource: the controller and name of
// v1, and the name of v2.
type limitFile struct{ controller, v1, v2 string }

var (
	memoryFile = limitFile{"memory", "memory.limit_in_bytes", "memory.max"}
	cpuFile    = limitFile{"cpu", "cpu.shares", "cpu.weight"}
	pidsFile   = limitFile{"pids", "pids.max", "pids.max"}
)

// An update changes the resources that it names, and no others. The test reads the
// cgroup's files after each step.
func TestUpdate(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := hold(t, id, nil, oci.WithMemoryLimit(64<<20), oci.WithCPUShares(512), oci.WithPidsLimit(100))
	pid := int(c.task.Pid())
	for _, step := range []struct {
		fact         string
		resources    *specs.LinuxResources
		mem, shares  string
		pids, weight string // weight is the form of shares on cgroup v2
	}{
		{"as created", &specs.LinuxResources{}, "67108864", "512", "100", "59"},
		{"memory", &specs.LinuxResources{Memory: &specs.LinuxMemory{Limit: new(int64(128 << 20))}}, "134217728", "512", "100", "59"},
		{"cpu shares", &specs.LinuxResources{CPU: &specs.LinuxCPU{Shares: new(uint64(256))}}, "134217728", "256", "100", "35"},
		{"pids", &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: new(int64(50))}}, "134217728", "256", "50", "35"},
		{"pids without limit", &specs.LinuxResources{Pids: &specs.LinuxPids{Limit: new(int64(-1))}}, "134217728", "256", "max", "35"},
	} {
		if err := c.task.Update(bounded(t), containerd.WithResources(step.resources)); err != nil {
			t.Fatalf("%s: %v", step.fact, err)
		}
		for _, is := range []struct {
			file     limitFile
			v1, v2   string
			resource string
		}{
			{memoryFile, step.mem, step.mem, "memory"},
			{cpuFile, step.shares, step.weight, "cpu"},
			{pidsFile, step.pids, step.pids, "pids"},
		} {
			got, unified := readLimit(t, pid, is.file)
			want := is.v1
			if unified {
				want = is.v2
			}
			if got != want {
				t.Errorf("%s: %s is %s, want %s", step.fact, is.resource, got, want)
			}
		}
	}
	// An exec uses the state on disk.
	if got := c.exec(t, calls("exit:3")); got.code != 3 {
		t.Errorf("exec: %+v", got)
	}
}

// A container can be updated before its start, and while it is paused.
func TestUpdateInEveryState(t *testing.T) {
	t.Parallel()
	containers := inEveryState(t)
	for state, class := range map[string]string{created: "", running: "", paused: "", stopped: "FailedPrecondition"} {
		_, err := askUpdate(`{"pids":{"limit":40}}`)(bounded(t), client.TaskService(), containers[state])
		err = errgrpc.ToNative(err)
		if class == "" && err != nil || class != "" && !classes[class](err) {
			t.Errorf("update while %s: %v", state, err)
		}
	}
	mustAsk(t, containers[created], askStart(""))
	if pid := taskPid(t, containers[created], "RUNNING"); pid == 0 {
		t.Error("the created container does not start")
	}
	if pid := taskPid(t, containers[paused], "PAUSED"); pid == 0 {
		t.Error("the paused container is not paused any more")
	}
}

// An update that the kernel refuses is an error, and its earlier steps are undone.
func TestUpdateThatIsRefused(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := hold(t, id, nil, oci.WithCPUShares(512), oci.WithPidsLimit(100))
	err := c.task.Update(bounded(t), containerd.WithResources(&specs.LinuxResources{
		CPU:    &specs.LinuxCPU{Shares: new(uint64(256)), Cpus: "4000"},
		Memory: &specs.LinuxMemory{Limit: new(int64(128 << 20))},
		Pids:   &specs.LinuxPids{Limit: new(int64(50))},
	}))
	if err == nil || !strings.Contains(err.Error(), "cpuset") {
		t.Errorf("update to CPU 4000: %v", err)
	}
	if got, unified := readLimit(t, int(c.task.Pid()), cpuFile); got != "512" && !unified {
		t.Errorf("cpu shares are %s", got)
	}
	if got, _ := readLimit(t, int(c.task.Pid()), pidsFile); got != "100" {
		t.Errorf("the limit of pids is %s", got)
	}
	if _, err := askUpdate(`{"pids":`)(bounded(t), client.TaskService(), id); !errdefs.IsInvalidArgument(errgrpc.ToNative(err)) {
		t.Errorf("update by half a message: %v", err)
	}
}

func askUpdate(resources string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.Update(ctx, &tasks.UpdateTaskRequest{ContainerID: id, Resources: &anypb.Any{
			TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources", Value: []byte(resources)}})
	}
}

// readLimit reads a resource of a process's cgroup, and reports whether the file is
// v2's.
func readLimit(t *testing.T, pid int, file limitFile) (value string, unified bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cgroup"))
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case strings.Contains(","+fields[1]+",", ","+file.controller+","):
			path, unified = filepath.Join("/sys/fs/cgroup", file.controller, fields[2], file.v1), false
		case fields[1] == "" && path == "":
			path, unified = filepath.Join("/sys/fs/cgroup", fields[2], file.v2), true
		}
	}
	limit, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(limit)), unified
}
