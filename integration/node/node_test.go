package node

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"sigs.k8s.io/yaml"
)

// handlers returns the names of the handlers that containerd offers to the kubelet.
func (c client) handlers(t *testing.T) []string {
	t.Helper()
	status, err := c.Status(bounded(t), &cri.StatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range status.RuntimeHandlers {
		names = append(names, h.Name)
	}
	return names
}

// mustHaveHandler runs a pod with the handler. Its container must run under a filter.
func (c client) mustHaveHandler(t *testing.T, name string) (*pod, string) {
	t.Helper()
	if got := c.handlers(t); !slices.Contains(got, "seccomp") || !slices.Contains(got, "runc") {
		t.Fatalf("containerd has the handlers %q", got)
	}
	p := c.runPod(t, name, "seccomp", false)
	id := p.start(t, corev1.PodSpec{}, corev1.Container{
		Name: name, Image: testImage, Command: []string{"sleep", "1000"}, SecurityContext: &corev1.SecurityContext{},
	})
	status := p.exec(t, id, "cat", "/proc/1/status")
	if !strings.Contains(status, "Seccomp:\t2\n") {
		t.Errorf("the container has no filter:\n%s", status)
	}
	return p, id
}

// The image of a kind node and the Vagrant box have the shim, the handler and the
// profiles when they have booted.
func TestBooted(t *testing.T) {
	c := connect(t)
	importImages(t)
	_, id := c.mustHaveHandler(t, "booted")
	scopes := output(t, "systemctl", "list-units", "--type=scope", "--plain", "--no-legend")
	if !strings.Contains(scopes, "cri-containerd-"+id) {
		t.Errorf("systemd knows no scope of %s: %s", id, scopes)
	}
	for _, name := range []string{"audit.json", "fine-grained.json", "violation.json"} {
		if _, err := os.Stat(filepath.Join("/var/lib/kubelet/seccomp/profiles", name)); err != nil {
			t.Error(err)
		}
	}
	output(t, "seccompctl", "explain", "/var/lib/kubelet/seccomp/profiles/fine-grained.json")
}

// The DaemonSet's pod installs and uninstalls with the privileges of its spec, on a node
// where systemd runs containerd.
func TestDaemonSet(t *testing.T) {
	c := connect(t)
	importImages(t)
	importInstaller(t)
	spec := daemonSet(t)
	run := 0
	do := func(action string) (int32, string) {
		t.Helper()
		run++
		p := c.runPod(t, "installer-"+action+string(rune('0'+run)), "", spec.HostPID)
		install := spec.InitContainers[0]
		install.Env = []corev1.EnvVar{{Name: install.Env[0].Name, Value: action}}
		code, log := p.wait(t, p.start(t, spec, install))
		t.Logf("%s: %d\n%s", action, code, log)
		return code, log
	}
	must := func(action string) {
		t.Helper()
		if code, _ := do(action); code != 0 {
			t.Fatalf("%s: exit code %d", action, code)
		}
	}
	containerd := func() string { return output(t, "systemctl", "show", "-P", "MainPID", "containerd") }
	before := containerd()

	must("install") // it changes nothing: the node's image has the shim
	if got := containerd(); got != before {
		t.Error("containerd was restarted without need")
	}
	p, id := c.mustHaveHandler(t, "first")
	if code, log := do("uninstall"); code == 0 || !strings.Contains(log, "pods still run") {
		t.Errorf("uninstalled while a pod runs: %d, %s", code, log)
	}
	p.exec(t, id, "cat", "/proc/1/status")
	if got := containerd(); got != before {
		t.Error("containerd was restarted without need")
	}
	if _, err := p.StopPodSandbox(bounded(t), &cri.StopPodSandboxRequest{PodSandboxId: p.id}); err != nil {
		t.Fatal(err)
	}

	must("uninstall")
	uninstalled := containerd()
	if uninstalled == before {
		t.Error("containerd was not restarted")
	}
	if got := c.handlers(t); slices.Contains(got, "seccomp") || !slices.Contains(got, "runc") {
		t.Errorf("containerd has the handlers %q", got)
	}
	if got, want := read(t, config), read(t, filepath.Join(filesDir, "config.toml")); got != want {
		t.Errorf("%s is\n%s\nwas\n%s", config, got, want)
	}
	for _, file := range []string{shim, "/etc/containerd/conf.d/seccomp.toml", "/var/lib/kubelet/seccomp/profiles/audit.json"} {
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%s: %v", file, err)
		}
	}

	must("install")
	if got := containerd(); got == uninstalled {
		t.Error("containerd was not restarted")
	}
	c.mustHaveHandler(t, "second")
}

// The DaemonSet's second container runs on after the installation. It has no capabilities, and
// does nothing.
func TestDaemonSetStays(t *testing.T) {
	c := connect(t)
	importImages(t)
	importInstaller(t)
	spec := daemonSet(t)
	p := c.runPod(t, "done", "", spec.HostPID)
	id := p.start(t, spec, spec.Containers[0])
	status := p.exec(t, id, "cp", "/proc/self/status", "/dev/stdout")
	for _, line := range []string{"Uid:\t65534\t65534\t65534\t65534\n", "CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
		if !strings.Contains(status, line) {
			t.Errorf("%q is not in\n%s", line, status)
		}
	}
}

// daemonSet returns the spec of the pods of daemonset.yaml.
func daemonSet(t *testing.T) corev1.PodSpec {
	t.Helper()
	for text := range bytes.SplitSeq([]byte(read(t, filepath.Join(filesDir, "daemonset.yaml"))), []byte("\n---\n")) {
		var d appsv1.DaemonSet
		if err := yaml.Unmarshal(text, &d); err == nil && d.Kind == "DaemonSet" {
			return d.Spec.Template.Spec
		}
	}
	t.Fatal("daemonset.yaml has no DaemonSet")
	return corev1.PodSpec{}
}
