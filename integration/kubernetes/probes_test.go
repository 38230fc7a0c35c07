package kubernetes

import (
	"fmt"
	"strings"
	"testing"
)

const probedPod = "integration/kubernetes/testdata/pods/probed-pod.yaml"

// Probes and `kubectl exec` run under the container's profile.
func TestExec(t *testing.T) {
	prepareNode(t)
	pod := applyPod(t, probedPod)
	awaitReady(t, pod)
	checkExec(t, pod)
	checkReadiness(t, pod)
	if got := field(t, pod, ".status.containerStatuses[0].restartCount"); got != "0" {
		t.Errorf("the liveness probe could make a folder: %s restarts", got)
	}
	if out := kubectl(t, "logs", pod, "--tail=1"); out != "tick" {
		t.Errorf("kubectl logs: %q", out)
	}
}

// checkExec runs commands in the container. Its profile forbids to make a folder.
func checkExec(t *testing.T, pod string) {
	t.Helper()
	if out := kubectl(t, "exec", pod, "--", "grep", "Seccomp:", "/proc/self/status"); out != "Seccomp:\t2" {
		t.Errorf("an exec's filter: %q", out)
	}
	_, err := k8s.run("", "exec", pod, "--", "mkdir", "/tmp/made")
	if err == nil || !strings.Contains(err.Error(), "Operation not permitted") || !strings.Contains(err.Error(), "exit code 1") {
		t.Errorf("kubectl exec mkdir: %v", err)
	}
	if out, err := k8s.run("in and out", "exec", "-i", pod, "--", "cat"); err != nil || out != "in and out" {
		t.Errorf("kubectl exec -i: %q, %v", out, err)
	}
}

// checkReadiness removes the file that the readiness probe needs, and restores it: the
// kubelet still runs probes, and they still see the container.
func checkReadiness(t *testing.T, pod string) {
	t.Helper()
	kubectl(t, "exec", pod, "--", "rm", "/tmp/ready")
	awaitReadiness(t, pod, "0/1 Running 0")
	kubectl(t, "exec", pod, "--", "touch", "/tmp/ready")
	awaitReadiness(t, pod, "1/1 Running 0")
}

func awaitReadiness(t *testing.T, pod, want string) {
	t.Helper()
	eventually(t, func() error {
		if got := status(t, pod); got != want {
			return fmt.Errorf("kubectl get pod/%s shows %q, not %q", pod, got, want)
		}
		return nil
	})
}
