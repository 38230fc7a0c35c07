package node

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// pod is a sandbox in the node's network namespace, because the node has no CNI plugins. With
// hostPID it is in the node's pid namespace, too.
type pod struct {
	client
	id     string
	config *cri.PodSandboxConfig
	pid    cri.NamespaceMode
}

func (c client) runPod(t *testing.T, name, handler string, hostPID bool) *pod {
	t.Helper()
	p := &pod{client: c, pid: cri.NamespaceMode_CONTAINER}
	if hostPID {
		p.pid = cri.NamespaceMode_NODE
	}
	p.config = &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: name, Namespace: "default"},
		LogDirectory: t.TempDir(),
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent: "kubepods.slice",
			SecurityContext: &cri.LinuxSandboxSecurityContext{
				NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: p.pid},
			},
		},
	}
	created, err := c.RunPodSandbox(bounded(t), &cri.RunPodSandboxRequest{Config: p.config, RuntimeHandler: handler})
	if err != nil {
		t.Fatalf("pod %s of handler %q: %v", name, handler, err)
	}
	p.id = created.PodSandboxId
	t.Cleanup(func() { p.remove(t) })
	return p
}

func (p *pod) remove(t *testing.T) {
	t.Helper()
	if _, err := p.StopPodSandbox(bounded(t), &cri.StopPodSandboxRequest{PodSandboxId: p.id}); err != nil {
		t.Error(err)
	}
	if _, err := p.RemovePodSandbox(bounded(t), &cri.RemovePodSandboxRequest{PodSandboxId: p.id}); err != nil {
		t.Error(err)
	}
}

// start starts a container of a pod's spec as the kubelet does. It translates only the
// fields that the DaemonSet has. The log is in the pod's folder.
func (p *pod) start(t *testing.T, spec corev1.PodSpec, c corev1.Container) string {
	t.Helper()
	sc := c.SecurityContext
	security := &cri.LinuxContainerSecurityContext{
		NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: p.pid},
		Seccomp:          &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
		Apparmor:         &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Unconfined},
		Capabilities:     &cri.Capability{},
		ReadonlyRootfs:   sc.ReadOnlyRootFilesystem != nil && *sc.ReadOnlyRootFilesystem,
		NoNewPrivs:       sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation,
		Privileged:       sc.Privileged != nil && *sc.Privileged,
	}
	if sc.RunAsUser != nil {
		security.RunAsUser = &cri.Int64Value{Value: *sc.RunAsUser}
	}
	if sc.Capabilities != nil {
		for _, name := range sc.Capabilities.Add {
			security.Capabilities.AddCapabilities = append(security.Capabilities.AddCapabilities, string(name))
		}
		for _, name := range sc.Capabilities.Drop {
			security.Capabilities.DropCapabilities = append(security.Capabilities.DropCapabilities, string(name))
		}
	}
	config := &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: c.Name},
		Image:    &cri.ImageSpec{Image: c.Image},
		Command:  c.Command,
		Args:     c.Args,
		LogPath:  c.Name + ".log",
		Linux:    &cri.LinuxContainerConfig{SecurityContext: security},
	}
	for _, e := range c.Env {
		config.Envs = append(config.Envs, &cri.KeyValue{Key: e.Name, Value: []byte(e.Value)})
	}
	for _, m := range c.VolumeMounts {
		for _, v := range spec.Volumes {
			if v.Name == m.Name {
				if err := os.MkdirAll(v.HostPath.Path, 0o755); err != nil { // DirectoryOrCreate
					t.Fatal(err)
				}
				config.Mounts = append(config.Mounts, &cri.Mount{HostPath: v.HostPath.Path, ContainerPath: m.MountPath})
			}
		}
	}
	created, err := p.CreateContainer(bounded(t), &cri.CreateContainerRequest{PodSandboxId: p.id, Config: config, SandboxConfig: p.config})
	if err != nil {
		t.Fatalf("container %s: %v", c.Name, err)
	}
	if _, err := p.StartContainer(bounded(t), &cri.StartContainerRequest{ContainerId: created.ContainerId}); err != nil {
		t.Fatalf("container %s: %v", c.Name, err)
	}
	return created.ContainerId
}

// wait waits for a container's exit, and returns the exit code and the container's log.
func (p *pod) wait(t *testing.T, id string) (int32, string) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		got, err := p.ContainerStatus(bounded(t), &cri.ContainerStatusRequest{ContainerId: id})
		if status.Code(err) == codes.Unavailable {
			continue // containerd is being restarted
		}
		if err != nil {
			t.Fatal(err)
		}
		if got.Status.State == cri.ContainerState_CONTAINER_EXITED {
			return got.Status.ExitCode, read(t, filepath.Join(p.config.LogDirectory, got.Status.Metadata.Name+".log"))
		}
	}
	t.Fatalf("container %s did not end", id)
	return 0, ""
}

func (p *pod) exec(t *testing.T, id string, args ...string) string {
	t.Helper()
	got, err := p.ExecSync(bounded(t), &cri.ExecSyncRequest{ContainerId: id, Cmd: args, Timeout: 60})
	if err != nil || got.ExitCode != 0 {
		t.Fatalf("exec %v: %v, %v", args, got, err)
	}
	return string(got.Stdout)
}
