package kind

import (
	"strings"
	"testing"
)

// playTutorial plays the tutorial's scenes on a node. The profiles are those that
// deploy/kind/kind.yaml mounts.
func playTutorial(t *testing.T, node string) {
	for _, scene := range []struct {
		name, text, profile string
		calls               map[string]string // the wanted results of the calls that the program is asked to make
	}{
		{"audit", "just made some syscalls!", "audit.json", map[string]string{"keyctl": "ok", "getppid": "ok"}},
		{"fine", "just made some syscalls!", "fine-grained.json", map[string]string{"keyctl": "EPERM", "getppid": "EPERM"}},
		{"default", "just made some more syscalls!", "RuntimeDefault", map[string]string{"keyctl": "EPERM", "getppid": "ok"}},
		{noProfile, "just made some more syscalls!", "RuntimeDefault", map[string]string{"keyctl": "EPERM", "getppid": "ok"}},
	} {
		t.Run(scene.name, func(t *testing.T) {
			pod := applyPod(t, scene.name, node)
			kubectl(t, "wait", "--for=condition=Ready", "pod/"+pod, "--timeout", patience.String())
			address := kubectl(t, "get", "pod", pod, "-o", "jsonpath={.status.podIP}")
			if got := onNode(t, node, "curl", "-s", "http://"+address+":5678/"); got != scene.text {
				t.Errorf("curl prints %q", got)
			}
			for call, want := range scene.calls {
				if got := onNode(t, node, "curl", "-s", "http://"+address+":5678/syscall/"+call); got != call+": "+want {
					t.Errorf("asked for %s it answers %q, not %q", call, got, want)
				}
			}
			profile := scene.profile
			if profile != "RuntimeDefault" {
				profile = "/var/lib/kubelet/seccomp/profiles/" + profile
			}
			id := onNode(t, node, "crictl", "ps", "-q", "--label", "io.kubernetes.pod.name="+pod)
			pid := onNode(t, node, "crictl", "inspect", "-o", "go-template", "--template", "{{.info.pid}}", id)
			if got := onNode(t, node, "seccompctl", "inspect", "--pid", pid, "--profile", profile); !strings.Contains(got, "equal:          true") {
				t.Errorf("the kernel's program is not the profile: %s", got)
			}
		})
	}
	t.Run("violation", func(t *testing.T) {
		pod := applyPod(t, "violation", node)
		eventually(t, "the pod cannot start", func() bool {
			return strings.Contains(kubectl(t, "describe", "pod", pod), "syscalls: execve: the profile answers ERRNO(1 operation not permitted)")
		})
	})
}

// noProfile is the tutorial's pod default without its seccompProfile.
const noProfile = "no-profile"

// applyPod applies one of the tutorial's pods for a node, and returns its name.
func applyPod(t *testing.T, name, node string) string {
	t.Helper()
	file := name
	if name == noProfile {
		file = "default"
	}
	pod := readObject(t, "deploy/kubernetes/pods/"+file+"-pod.yaml")
	if name == noProfile {
		delete(pod.part("spec"), "securityContext")
	}
	id := name + "-" + node
	pod.part("metadata")["name"] = id
	// The scheduler gives the control plane of two nodes no pods.
	pod.part("spec")["nodeName"] = node
	apply(t, encode(t, pod), "apply", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "pod", id, "--wait=false", "--ignore-not-found") })
	return id
}
