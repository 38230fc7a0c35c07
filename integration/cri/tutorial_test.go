package cri

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"sigs.k8s.io/yaml"

	"seccomp-shim/integration/testbed"
)

// The tutorial's pods, as the kubelet makes them from the files in deploy/: with the
// profile in a field, and in an annotation.
func TestTutorialPods(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		text  string            // the text that it serves
		calls map[string]string // the wanted results of its calls
		says  []string          // the texts of the error, if it cannot start
	}{
		{"default-pod", "just made some more syscalls!", map[string]string{"keyctl": "EPERM", "getppid": "ok"}, nil},
		{"audit-pod", "just made some syscalls!", map[string]string{"keyctl": "ok", "getppid": "ok"}, nil},
		{"fine-pod", "just made some syscalls!", map[string]string{"keyctl": "EPERM", "getppid": "EPERM"}, nil},
		{"violation-pod", "", nil, []string{"start:", "seccomp", "execve"}},
	} {
		for _, folder := range []string{"pods", "pods/alpha"} {
			t.Run(folder+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				p, config := readPod(t, filepath.Join("deploy/kubernetes", folder, row.name+".yaml"))
				_, err := p.tryStart(t, config)
				if row.says != nil {
					mustSay(t, err, row.says)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				address := p.address(t)
				eventually(t, "it serves", func() bool { return get(address, "/") == row.text })
				for call, want := range row.calls {
					if got := get(address, "/syscall/"+call); got != call+": "+want {
						t.Errorf("got %q, want %s", got, want)
					}
				}
			})
		}
	}
}

// readPod runs the sandbox of a file's pod, and describes its one container.
func readPod(t *testing.T, path string) (*pod, *cri.ContainerConfig) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), path))
	if err != nil {
		t.Fatal(err)
	}
	var manifest corev1.Pod
	if err := yaml.UnmarshalStrict(data, &manifest); err != nil {
		t.Fatal(err)
	}
	config := newPodConfig(t)
	config.Annotations = manifest.Annotations
	p, err := tryPod(t, *manifest.Spec.RuntimeClassName, config)
	if err != nil {
		t.Fatal(err)
	}
	spec := manifest.Spec.Containers[0]
	c := newContainerConfig(spec.Name, spec.Args...)
	c.Image.Image = spec.Image
	c.Linux.SecurityContext.NoNewPrivs = !*spec.SecurityContext.AllowPrivilegeEscalation
	if pod := manifest.Spec.SecurityContext; pod != nil {
		if pod.SeccompProfile.Type == corev1.SeccompProfileTypeLocalhost {
			c.Linux.SecurityContext.Seccomp = localhost(*pod.SeccompProfile.LocalhostProfile)
		} else {
			c.Linux.SecurityContext.Seccomp = runtimeDefault()
		}
	}
	return p, c
}
