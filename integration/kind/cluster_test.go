package kind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// patches give the control plane of an emulated machine more time than kubeadm usually does.
const patches = `kind: InitConfiguration
timeouts: {controlPlaneComponentHealthCheck: 30m0s, kubeletHealthCheck: 30m0s, kubernetesAPICall: 30m0s, tlsBootstrap: 30m0s}
`

// seccompDefault makes the kubelet ask for RuntimeDefault where a pod names no profile, as the
// tutorial does.
const seccompDefault = `kind: KubeletConfiguration
seccompDefault: true
`

// TestKind makes a cluster of two nodes. The control plane is that of deploy/kind/kind.yaml, whose
// image has the handler. The worker has kind's own image, and gets the handler by the DaemonSet.
// Both then run the tutorial's pods.
func TestKind(t *testing.T) {
	if filesDir == "" {
		t.Skip("makes a cluster by kind: make e2e-kind boots a machine for it")
	}
	mustBeReady(t)
	createCluster(t)
	kubectl(t, "apply", "-f", "../kubernetes/runtimeclass.yaml")
	if !hasHandler(t, controlPlane) {
		t.Fatal("the node of deploy/kind has no handler")
	}
	onNode(t, controlPlane, "containerd-shim-seccomp-v1", "-v")
	output(t, "kind", "load", "docker-image", echoImage, busyboxImage)
	t.Run("the image's node", func(t *testing.T) { playTutorial(t, controlPlane) })

	if hasHandler(t, worker) {
		t.Fatal("kind's own image has the handler")
	}
	output(t, "kind", "load", "docker-image", installerImage)
	kubectl(t, "apply", "-f", "../installer/daemonset.yaml")
	kubectl(t, "-n", "seccomp-shim", "rollout", "status", "daemonset/node-installer", "--timeout", patience.String())
	if !hasHandler(t, worker) {
		t.Fatal("the DaemonSet has not installed the handler")
	}
	t.Run("the DaemonSet's node", func(t *testing.T) { playTutorial(t, worker) })

	output(t, "kind", "delete", "cluster")
	if left := output(t, "docker", "ps", "-aq"); left != "" {
		t.Errorf("containers are left: %s", left)
	}
}

// createCluster creates the cluster of deploy/kind/kind.yaml with a second node of kind's image.
func createCluster(t *testing.T) {
	t.Helper()
	cluster := readObject(t, "deploy/kind/kind.yaml")
	nodes := cluster["nodes"].([]any)
	first := object(nodes[0].(map[string]any))
	cluster["nodes"] = append(nodes, map[string]any{"role": "worker", "image": plainNode, "extraMounts": first["extraMounts"]})
	cluster["kubeadmConfigPatches"] = []any{patches, strings.Replace(patches, "Init", "Join", 1), seccompDefault}
	// The tests' disk is read-only. kind takes the paths of mounts from the folder that it is
	// called in.
	file := filepath.Join(t.TempDir(), "kind.yaml")
	if err := os.WriteFile(file, encode(t, cluster), 0o600); err != nil {
		t.Fatal(err)
	}
	// kind gives nodes 30 seconds to boot, which an emulated machine may exceed while it is busy.
	for tries := 1; ; tries++ {
		said, err := try(t, nil, "kind", "create", "cluster", "--config", file, "--wait", patience.String(), "--retain")
		if err == nil {
			break
		}
		if tries == 4 || !strings.Contains(said, "could not find a log line") {
			t.Fatal(err)
		}
		output(t, "kind", "delete", "cluster")
	}
	kubectl(t, "wait", "--for=condition=Ready", "nodes", "--all", "--timeout", patience.String())
	kubectl(t, "get", "nodes", "-o", "wide")
	kubectl(t, "get", "pods", "-A", "-o", "wide")
}

// hasHandler reports whether the node's containerd has the handler. Its configuration is
// otherwise kind's.
func hasHandler(t *testing.T, node string) bool {
	t.Helper()
	dump := onNode(t, node, "sh", "-c", "containerd config dump | grep -A 3 'runtimes.seccomp\\]' || true")
	if !strings.Contains(onNode(t, node, "crictl", "info"), fmt.Sprintf("%q", "test-handler")) {
		t.Errorf("%s has not kind's configuration of containerd", node)
	}
	return strings.Contains(dump, "io.containerd.seccomp.v1")
}
