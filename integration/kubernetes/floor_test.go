package kubernetes

import (
	"os"
	"path/filepath"
	"testing"
)

// flooredPod is privileged, so no profile reaches the shim.
const flooredPod = `apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: floored
handler: floored
---
apiVersion: v1
kind: Pod
metadata:
  name: floored
  labels:
    app: floored
spec:
  runtimeClassName: floored
  containers:
  - name: test-container
    image: docker.io/hashicorp/http-echo:1.0
    args: ["-text=just made some syscalls!"]
    securityContext:
      privileged: true
`

// A privileged pod is denied what the floor denies. While the floor's file is missing, no
// container of the handler starts, and the pod's event names the file.
func TestFloor(t *testing.T) {
	prepareNode(t)
	startPod(t, "floored", flooredPod)
	t.Cleanup(func() { kubectl(t, "delete", "runtimeclass/floored") })
	const file = "/var/lib/kubelet/seccomp/profiles/floor.json"
	describe(t, "floored", `option floor: "Localhost/profiles/floor.json"`, file, "no such file")

	floor, err := os.ReadFile(fromRoot("deploy/floor/floor-2026-11.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Clean(file), floor, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(file) })
	awaitReady(t, "floored")
	kubectl(t, "expose", "pod/floored", "--type", "NodePort", "--port", "5678")
	t.Cleanup(func() { kubectl(t, "delete", "svc/floored") })
	for call, want := range map[string]string{"keyctl": "EPERM", "getppid": "ok", "mkdirat": "ok"} {
		if got := curl(t, "floored", "/syscall/"+call); got != call+": "+want {
			t.Errorf("asked for %s it answers %q, not %q", call, got, want)
		}
	}
}
