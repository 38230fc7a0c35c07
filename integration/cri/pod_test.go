package cri

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
)

var names atomic.Int64

// pod is a pod's sandbox.
type pod struct {
	id     string
	config *cri.PodSandboxConfig
}

// cgroupParent is the cgroup of all pods.
func cgroupParent() string {
	if hasSystemd() {
		return "/" + strings.ReplaceAll(node.Namespace(), "-", "") + ".slice" // a dash would be a level
	}
	return "/" + node.Namespace()
}

// hasSystemd reports whether systemd makes this machine's cgroups.
func hasSystemd() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// newPodConfig describes a pod as the kubelet does.
func newPodConfig(t *testing.T) *cri.PodSandboxConfig {
	t.Helper()
	needNode(t)
	name := fmt.Sprintf("pod-%d", names.Add(1))
	return &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: "uid-of-" + name, Namespace: "default"},
		Hostname:     name,
		LogDirectory: t.TempDir(),
		Labels: map[string]string{
			"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": "default", "io.kubernetes.pod.uid": "uid-of-" + name,
		},
		Annotations: map[string]string{},
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent: cgroupParent(),
			SecurityContext: &cri.LinuxSandboxSecurityContext{
				NamespaceOptions: &cri.NamespaceOption{Pid: cri.NamespaceMode_CONTAINER},
				// The kubelet asks for this for all pods.
				Seccomp: runtimeDefault(),
			},
		},
	}
}

// runPod makes a sandbox, which is removed when the test ends.
func runPod(t *testing.T, config *cri.PodSandboxConfig) *pod {
	t.Helper()
	p, err := tryPod(t, handler, config)
	if err != nil {
		t.Fatalf("run pod: %v", err)
	}
	return p
}

func tryPod(t *testing.T, runtimeHandler string, config *cri.PodSandboxConfig) (*pod, error) {
	t.Helper()
	got, err := kubelet.RunPodSandbox(bounded(t), &cri.RunPodSandboxRequest{Config: config, RuntimeHandler: runtimeHandler})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := kubelet.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: got.PodSandboxId}); err != nil {
			t.Errorf("stop pod: %v", err)
		}
		if _, err := kubelet.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: got.PodSandboxId}); err != nil {
			t.Errorf("remove pod: %v", err)
		}
	})
	return &pod{got.PodSandboxId, config}, nil
}

// container is a container of a pod.
type container struct {
	id, log string
	pod     *pod
}

// newContainerConfig describes a container as the kubelet does.
func newContainerConfig(name string, args ...string) *cri.ContainerConfig {
	return &cri.ContainerConfig{
		Metadata:    &cri.ContainerMetadata{Name: name},
		Image:       &cri.ImageSpec{Image: testImage},
		Args:        args,
		LogPath:     name + "/0.log",
		Annotations: map[string]string{},
		Linux: &cri.LinuxContainerConfig{
			Resources: &cri.LinuxContainerResources{CpuShares: 100},
			SecurityContext: &cri.LinuxContainerSecurityContext{
				NamespaceOptions: &cri.NamespaceOption{Pid: cri.NamespaceMode_CONTAINER},
			},
		},
	}
}

// under is newContainerConfig for the calls program, which takes the steps and
// then waits, with a seccomp profile.
func under(name string, profile *cri.SecurityProfile, all ...string) *cri.ContainerConfig {
	c := newContainerConfig(name, steps.Args(append(all, "hold")...)...)
	c.Linux.SecurityContext.Seccomp = profile
	return c
}

// create adds a container, whose log's folder is the kubelet's to make.
func (p *pod) create(t *testing.T, config *cri.ContainerConfig) (*container, error) {
	t.Helper()
	log := filepath.Join(p.config.LogDirectory, config.LogPath)
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := kubelet.CreateContainer(bounded(t), &cri.CreateContainerRequest{
		PodSandboxId: p.id, Config: config, SandboxConfig: p.config})
	if err != nil {
		return nil, err
	}
	return &container{got.ContainerId, log, p}, nil
}

func (p *pod) tryStart(t *testing.T, config *cri.ContainerConfig) (*container, error) {
	t.Helper()
	c, err := p.create(t, config)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	if _, err := kubelet.StartContainer(bounded(t), &cri.StartContainerRequest{ContainerId: c.id}); err != nil {
		return c, fmt.Errorf("start: %w", err)
	}
	return c, nil
}

func (p *pod) start(t *testing.T, config *cri.ContainerConfig) *container {
	t.Helper()
	c, err := p.tryStart(t, config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hold starts a container that takes steps, and returns when it waits.
func (p *pod) hold(t *testing.T, config *cri.ContainerConfig) *container {
	t.Helper()
	c := p.start(t, config)
	c.awaitOutput(t, "hold -> waiting")
	return c
}

// output is what the container has written to one of its streams so far, read
// from its log as `kubectl logs` does: "<time> <stream> F <line>".
func (c *container) output(t *testing.T, stream string) string {
	t.Helper()
	text, err := os.ReadFile(c.log)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(fields) != 4 || fields[2] != "F" && fields[2] != "P" {
			t.Fatalf("not a line of a log: %q", line)
		}
		if _, err := time.Parse(time.RFC3339Nano, fields[0]); err != nil {
			t.Fatal(err)
		}
		if fields[1] != stream {
			continue
		}
		out.WriteString(fields[3])
		if fields[2] == "F" {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func (c *container) awaitOutput(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the log contains %q", text), func() bool {
		return strings.Contains(c.output(t, "stdout"), text)
	})
}

// exec runs a command to its end, as an exec probe does.
func (c *container) exec(t *testing.T, args ...string) *cri.ExecSyncResponse {
	t.Helper()
	got, err := kubelet.ExecSync(bounded(t), &cri.ExecSyncRequest{ContainerId: c.id, Cmd: args, Timeout: 10})
	if err != nil {
		t.Fatalf("exec: %v", err)
	}
	return got
}

func (c *container) status(t *testing.T) *cri.ContainerStatus {
	t.Helper()
	got, err := kubelet.ContainerStatus(bounded(t), &cri.ContainerStatusRequest{ContainerId: c.id})
	if err != nil {
		t.Fatal(err)
	}
	return got.Status
}

// pid of the init.
func (c *container) pid(t *testing.T) int {
	t.Helper()
	got, err := kubelet.ContainerStatus(bounded(t), &cri.ContainerStatusRequest{ContainerId: c.id, Verbose: true})
	if err != nil {
		t.Fatal(err)
	}
	return pidIn(t, got.Info)
}

// pidIn reads a verbose status.
func pidIn(t *testing.T, status map[string]string) int {
	t.Helper()
	var info struct{ Pid int }
	if err := json.Unmarshal([]byte(status["info"]), &info); err != nil || info.Pid == 0 {
		t.Fatalf("no pid in %v: %v", status, err)
	}
	return info.Pid
}
