package kubernetes

import (
	"fmt"
	"testing"
)

// failingPod runs a command once, under a profile, observed.
const failingPod = `apiVersion: v1
kind: Pod
metadata:
  name: %s
  annotations:
    io.containerd.seccomp.v1/observe: denials
spec:
  runtimeClassName: seccomp
  restartPolicy: Never
  securityContext:
    seccompProfile:
      type: Localhost
      localhostProfile: profiles/refusing.json
  containers:
  - name: test-container
    image: docker.io/library/busybox:1.35
    command: ["sh", "-c", %q]
`

// `kubectl describe pod` says why a pod has failed, for each way in which a profile refuses
// a call.
func TestDescribeSaysWhy(t *testing.T) {
	prepareNode(t)
	const killed = "killed by SIGSYS: the seccomp profile (linux.seccomp) answers "
	for _, row := range []struct{ name, command, want string }{
		{"errno", "mkdir /tmp/new || exit 3", "the seccomp profile (linux.seccomp) refused:\nmkdir ×1: ERRNO(1 operation not permitted) by syscalls[0], in /bin/busybox\n"},
		// The kernel may lose records of kills while others make many.
		{"kill", "exec sync", killed},
		{"trap", "exec hostname new", killed + "a call of the container with KILL or TRAP; which one is not known: the kernel has no record of it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			pod := "failing-" + row.name
			startPod(t, pod, fmt.Sprintf(failingPod, pod, row.command))
			out := describe(t, pod, "Reason:       Error", row.want)
			t.Log(out)
		})
	}
}
