package kubernetes

import (
	"fmt"
	"strings"
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
// a call. A kill is not named, because this node has its own pid namespace.
func TestDescribeSaysWhy(t *testing.T) {
	prepareNode(t)
	const killed = "killed by SIGSYS: the seccomp profile (linux.seccomp) answers a call of the container with KILL or TRAP; which one is not known: " +
		"the kernel's records have the pids of the first pid namespace, and this node runs in another one"
	for _, row := range []struct{ name, command, want string }{
		{"errno", "mkdir /tmp/new || exit 3", "the seccomp profile (linux.seccomp) refused:\nmkdir ×1: ERRNO(1 operation not permitted) by syscalls[0], in /bin/busybox"},
		{"kill", "exec sync", killed},
		{"trap", "exec hostname new", killed},
	} {
		t.Run(row.name, func(t *testing.T) {
			pod := "failing-" + row.name
			startPod(t, pod, fmt.Sprintf(failingPod, pod, row.command))
			firstLine, _, _ := strings.Cut(row.want, "\n")
			describe(t, pod, firstLine)
			if got := field(t, pod, ".status.containerStatuses[0].state.terminated.message"); got != row.want {
				t.Errorf("the message is %q, want %q", got, row.want)
			}
		})
	}
}
