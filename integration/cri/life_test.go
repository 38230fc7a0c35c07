package cri

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// A container from its creation to its removal, as the kubelet sees it, and the next
// one with its name.
func TestContainerLife(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	config := newContainerConfig("c", "/bin/sh", "-c", "echo out; echo err >&2; while [ ! -e /end ]; do sleep 0.01; done; exit 7")
	config.Linux.SecurityContext.Seccomp = runtimeDefault()
	c, err := p.create(t, config)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.status(t).State; got != cri.ContainerState_CONTAINER_CREATED {
		t.Errorf("created it is %v", got)
	}
	if _, err := kubelet.StartContainer(bounded(t), &cri.StartContainerRequest{ContainerId: c.id}); err != nil {
		t.Fatal(err)
	}
	c.awaitOutput(t, "out\n")
	if got := c.status(t).State; got != cri.ContainerState_CONTAINER_RUNNING {
		t.Errorf("started it is %v", got)
	}
	c.exec(t, "/bin/sh", "-c", ">/end")
	eventually(t, "it has exited", func() bool { return c.status(t).State == cri.ContainerState_CONTAINER_EXITED })
	if got := c.status(t); got.ExitCode != 7 || got.Reason != "Error" || got.FinishedAt < got.StartedAt || got.StartedAt < got.CreatedAt {
		t.Errorf("its status is %v", got)
	}
	if out, errOut := c.output(t, "stdout"), c.output(t, "stderr"); out != "out\n" || errOut != "err\n" {
		t.Errorf("its log has %q and %q", out, errOut)
	}
	config.Metadata.Attempt, config.LogPath = 1, "c/1.log"
	again := p.start(t, config)
	again.awaitOutput(t, "out\n")
	if _, err := kubelet.RemoveContainer(bounded(t), &cri.RemoveContainerRequest{ContainerId: c.id}); err != nil {
		t.Error(err)
	}
	begin := time.Now() // sh, which is pid 1, has no handler for SIGTERM
	if _, err := kubelet.StopContainer(bounded(t), &cri.StopContainerRequest{ContainerId: again.id, Timeout: 1}); err != nil {
		t.Error(err)
	}
	if got := again.status(t); got.ExitCode != 137 || time.Since(begin) < time.Second {
		t.Errorf("after the grace period it is %v", got)
	}
}

// An exec probe ends at its timeout.
func TestExecSync(t *testing.T) {
	t.Parallel()
	c := runPod(t, newPodConfig(t)).hold(t, under("c", runtimeDefault(), probes...))
	got := c.exec(t, "/bin/sh", "-c", "echo out; echo err >&2; exit 3")
	if string(got.Stdout) != "out\n" || string(got.Stderr) != "err\n" || got.ExitCode != 3 {
		t.Errorf("got %+v", got)
	}
	_, err := kubelet.ExecSync(bounded(t), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: []string{"/bin/sleep", "1000"}, Timeout: 1})
	if err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("an exec without end: %v", err)
	}
	if seen := string(c.exec(t, "/bin/sh", "-c", "cat /proc/[0-9]*/cmdline").Stdout); strings.Contains(seen, "sleep") {
		t.Errorf("it is still there: %q", seen)
	}
}

// When the kubelet has renamed a log, containerd writes to a new file.
func TestLogIsRotated(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	config := newContainerConfig("c", "/bin/sh", "-c", "while :; do echo line; sleep 0.05; done")
	config.Linux.SecurityContext.Seccomp = runtimeDefault()
	c := p.start(t, config)
	c.awaitOutput(t, "line\n")
	if err := os.Rename(c.log, c.log+".old"); err != nil {
		t.Fatal(err)
	}
	if _, err := kubelet.ReopenContainerLog(bounded(t), &cri.ReopenContainerLogRequest{ContainerId: c.id}); err != nil {
		t.Fatal(err)
	}
	c.awaitOutput(t, "line\n")
}

// Statistics of a container and of its pod.
func TestStats(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	c := p.hold(t, under("c", runtimeDefault(), probes...))
	got, err := kubelet.ContainerStats(bounded(t), &cri.ContainerStatsRequest{ContainerId: c.id})
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Stats; s.Cpu.GetUsageCoreNanoSeconds().GetValue() == 0 || s.Memory.GetWorkingSetBytes().GetValue() == 0 || s.Attributes.Metadata.Name != "c" {
		t.Errorf("container: %v", s)
	}
	pods, err := kubelet.ListPodSandboxStats(bounded(t), &cri.ListPodSandboxStatsRequest{Filter: &cri.PodSandboxStatsFilter{Id: p.id}})
	if err != nil {
		t.Fatal(err)
	}
	if len(pods.Stats) != 1 {
		t.Fatalf("pods: %v", pods.Stats)
	}
	s := pods.Stats[0].Linux
	if len(s.Containers) != 1 || s.Containers[0].Attributes.Id != c.id || s.Network.GetDefaultInterface().GetName() != "eth0" ||
		s.Memory.GetWorkingSetBytes().GetValue() == 0 {
		t.Errorf("pod: %v", s)
	}
	update := &cri.UpdateContainerResourcesRequest{ContainerId: c.id, Linux: &cri.LinuxContainerResources{MemoryLimitInBytes: 64 << 20}}
	if _, err := kubelet.UpdateContainerResources(bounded(t), update); err != nil {
		t.Error(err)
	}
	if limit := c.status(t).GetResources().GetLinux().GetMemoryLimitInBytes(); limit != 64<<20 {
		t.Errorf("the updated limit is %d", limit)
	}
	c.mustShow(t, isDefault)
}

// A container that exceeds its memory limit has OOMKilled as its reason.
func TestOOMKilled(t *testing.T) {
	t.Parallel()
	config := newContainerConfig("c", "/bin/sh", "-c", "x=0123456789abcdef; while :; do x=$x$x; done")
	config.Linux.SecurityContext.Seccomp = runtimeDefault()
	config.Linux.Resources.MemoryLimitInBytes = 16 << 20
	c := runPod(t, newPodConfig(t)).start(t, config)
	eventually(t, "it has exited", func() bool { return c.status(t).State == cri.ContainerState_CONTAINER_EXITED })
	if got := c.status(t); got.Reason != "OOMKilled" || got.ExitCode != 137 {
		t.Errorf("its status is %v", got)
	}
}

// A kubelet that waits for events receives each of a container's steps, in order.
func TestContainerEvents(t *testing.T) {
	t.Parallel()
	needNode(t)
	events, err := kubelet.GetContainerEvents(bounded(t), &cri.GetEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	p := runPod(t, newPodConfig(t))
	c := p.hold(t, under("c", runtimeDefault(), probes...))
	if _, err := kubelet.StopContainer(bounded(t), &cri.StopContainerRequest{ContainerId: c.id}); err != nil {
		t.Fatal(err)
	}
	if _, err := kubelet.RemoveContainer(bounded(t), &cri.RemoveContainerRequest{ContainerId: c.id}); err != nil {
		t.Fatal(err)
	}
	var got []cri.ContainerEventType
	want := []cri.ContainerEventType{
		cri.ContainerEventType_CONTAINER_CREATED_EVENT, cri.ContainerEventType_CONTAINER_STARTED_EVENT,
		cri.ContainerEventType_CONTAINER_STOPPED_EVENT, cri.ContainerEventType_CONTAINER_DELETED_EVENT,
	}
	for len(got) < len(want) {
		event, err := events.Recv()
		if status.Code(err) == codes.Unimplemented {
			t.Skipf("containerd %s has no events: %v", node.Version(), err)
		}
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		if event.ContainerId == c.id {
			got = append(got, event.ContainerEventType)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
