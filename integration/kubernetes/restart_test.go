package kubernetes

import (
	"fmt"
	"strings"
	"testing"
)

// Pods go on while the kubelet or containerd is restarted or killed: their containers
// stay the same, and probes, exec and logs still work.
func TestRestarts(t *testing.T) {
	prepareNode(t)
	probed := applyPod(t, probedPod)
	fine := applyPod(t, manifests+"pods/fine-pod.yaml")
	awaitReady(t, probed)
	awaitReady(t, fine)
	before := identity(t, probed) + identity(t, fine)
	for _, restart := range []struct {
		name string
		do   func(*testing.T) error
	}{
		{"kubelet", func(*testing.T) error { return k8s.restartKubelet() }},
		{"containerd", func(t *testing.T) error { return k8s.node.Restart(t.Context()) }},
		{"crashed containerd", func(t *testing.T) error {
			k8s.node.Kill()
			return k8s.node.Restart(t.Context())
		}},
	} {
		t.Run(restart.name, func(t *testing.T) {
			if err := restart.do(t); err != nil {
				t.Fatal(err)
			}
			awaitLines(t, probed)
			checkReadiness(t, probed)
			checkExec(t, probed)
			if got := curl(t, fine, "/"); got != "just made some syscalls!" {
				t.Errorf("curl prints %q", got)
			}
			if got := curl(t, fine, "/syscall/keyctl"); got != "keyctl: EPERM" {
				t.Errorf("asked for keyctl it answers %q", got)
			}
			if got := identity(t, probed) + identity(t, fine); got != before {
				t.Errorf("containers were %s\nand are %s", before, got)
			}
		})
	}
}

// identity differs between a pod's container and one that has replaced it.
func identity(t *testing.T, pod string) string {
	t.Helper()
	return field(t, pod, ".status.containerStatuses[0]['containerID', 'restartCount', 'state.running.startedAt']") + " "
}

// awaitLines waits until a container that writes a line each second has written more
// lines to its log. A started kubelet needs a moment until it knows its pods.
func awaitLines(t *testing.T, pod string) {
	t.Helper()
	begin := -1
	eventually(t, func() error {
		log, err := k8s.run("", "logs", pod)
		if err != nil {
			return err
		}
		lines := strings.Count(log, "tick")
		if begin < 0 {
			begin = lines
		}
		if lines < begin+2 {
			return fmt.Errorf("kubectl logs has %d lines, and had %d", lines, begin)
		}
		return nil
	})
}
