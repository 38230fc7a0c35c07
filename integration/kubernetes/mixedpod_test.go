package kubernetes

import (
	"path/filepath"
	"strings"
	"testing"
)

// A pod that is unconfined has containers under profiles of their own: an init container,
// one of the pod, and ephemeral ones, which only kubectl debug can add.
func TestMixedPod(t *testing.T) {
	prepareNode(t)
	pod := applyPod(t, manifests+"pods/mixed-pod.yaml")
	awaitReady(t, pod)

	logs := kubectl(t, "logs", pod, "-c", "init-container")
	for _, want := range []string{"Seccomp:\t2", "unshare: unshare(0x0): Operation not permitted"} {
		if !strings.Contains(logs, want) {
			t.Errorf("the init container says %q, want %q", logs, want)
		}
	}
	mustRunUnder(t, inspect(t, pod, "test-container").Info.PID, filepath.Join(profiles, "fine-grained.json"))

	// kubectl debug adds the capability too, unless --profile says otherwise.
	debug := func(name string, flags ...string) {
		t.Helper()
		args := append([]string{"debug", pod, "--image", busyboxImage, "-c", name}, flags...)
		kubectl(t, append(args, "--", "sh", "-c", "trap exit TERM; sleep 1000 & wait")...)
		kubectl(t, "wait", "--for=jsonpath={.status.ephemeralContainerStatuses[?(@.name=='"+name+"')].state.running}",
			"pod/"+pod, "--timeout="+podTimeout.String())
	}
	debug("own", "--custom", fromRoot(manifests, "debug-container.yaml"))
	mustRunUnder(t, inspect(t, pod, "own").Info.PID, "RuntimeDefault", "--cap-add", "CAP_SYS_PTRACE")
	_, err := k8s.run("", "exec", pod, "-c", "own", "--", "unshare", "true")
	if err == nil || !strings.Contains(err.Error(), "Operation not permitted") {
		t.Errorf("kubectl exec unshare: %v", err)
	}
	debug("inherits")
	mustRunUnder(t, inspect(t, pod, "inherits").Info.PID, unconfined)
}
