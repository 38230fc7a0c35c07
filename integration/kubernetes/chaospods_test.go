package kubernetes

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// probedPods returns pods whose probe fails unless it runs under a filter. The first ones are
// probed each second. With runc's shim 60 probes a second take more than two processors, so
// further ones are probed each ten seconds.
func probedPods(handler string, count int) []string {
	var manifests []string
	for i := range count {
		period := 1
		if i >= eachSecond {
			period = 10
		}
		manifests = append(manifests, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probed-%02d", "labels": {"chaos": "probed"}},
			"spec": {"nodeName": %q, "runtimeClassName": %q, "terminationGracePeriodSeconds": 1,
			"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
			"containers": [{"name": "test-container", "image": %q, "command": ["sleep", "100000"],
			"livenessProbe": {"exec": {"command": ["grep", "-q", "Seccomp:.2", "/proc/self/status"]},
			"periodSeconds": %d, "timeoutSeconds": 120, "failureThreshold": 1}}]}}`, i, nodeName, handler, busyboxImage, period))
	}
	return manifests
}

// probedStates returns what must stay the same in each probed pod.
func probedStates(t *testing.T) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, pod := range podsWith(t, "chaos=probed") {
		if len(pod.Status.ContainerStatuses) != 1 {
			t.Fatalf("%s has no container: %+v", pod.Name, pod.Status)
		}
		s := pod.Status.ContainerStatuses[0]
		states[pod.Name] = fmt.Sprintf("%s, ready %v, %d restarts, %s", pod.Status.Phase, s.Ready, s.RestartCount, s.ContainerID)
	}
	return states
}

func podsWith(t *testing.T, label string) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	if err := json.Unmarshal([]byte(kubectl(t, "get", "pods", "-l", label, "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// startEnding starts the pods that end during a strike, and returns their exit codes. They
// run until a file with the strike's number is in the folder. The last one is killed by its
// profile: 128 and SIGSYS.
func startEnding(t *testing.T, handler, folder string, strike int) map[string]int {
	t.Helper()
	label := fmt.Sprintf("ending-%d", strike)
	codes := map[string]int{}
	var manifests []string
	for i, end := range []struct {
		command string
		code    int
	}{{"exit 0", 0}, {fmt.Sprintf("exit %d", 20+strike), 20 + strike}, {"exec sync", 159}} {
		name := fmt.Sprintf("%s-%d", label, i)
		codes[name] = end.code
		manifests = append(manifests, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": %q, "labels": {"chaos": %q}},
			"spec": {"nodeName": %q, "runtimeClassName": %q, "terminationGracePeriodSeconds": 1, "restartPolicy": "Never",
			"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/refusing.json"}},
			"volumes": [{"name": "signals", "hostPath": {"path": %q}}],
			"containers": [{"name": "test-container", "image": %q, "volumeMounts": [{"name": "signals", "mountPath": "/signals"}],
			"command": ["sh", "-c", "until [ -e /signals/%d ]; do sleep 0.1; done; %s"]}]}}`,
			name, label, nodeName, handler, folder, busyboxImage, strike, end.command))
	}
	startPods(t, manifests)
	// containerd gives a container the code 255 if it is restarted while it starts it.
	awaitLabelled(t, "chaos="+label)
	return codes
}

// awaitLabelled waits until all pods with a label are ready.
func awaitLabelled(t *testing.T, label string) {
	t.Helper()
	within(t, manyPodsTimeout, func() error {
		_, err := k8s.run("", "wait", "--for=condition=Ready", "pods", "-l", label, "--timeout="+podTimeout.String())
		return err
	})
}

func releaseEnding(t *testing.T, folder string, strike int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(strike)), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// awaitCodes waits until pods have ended, and compares their exit codes.
func awaitCodes(t *testing.T, want map[string]int, fault func(string, ...any)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		var got string
		within(t, manyPodsTimeout, func() error {
			if got = field(t, name, ".status.containerStatuses[0].state.terminated.exitCode"); got == "" {
				return fmt.Errorf("%s has not ended: %s", name, status(t, name))
			}
			return nil
		})
		if got != strconv.Itoa(want[name]) {
			fault("%s has ended with %s, not %d: %s", name, got, want[name], field(t, name, ".status.containerStatuses[0].state"))
		}
	}
}
