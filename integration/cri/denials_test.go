package cri

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
)

const observeAnnotation = "io.containerd.seccomp.v1/observe"

// The profile of the containers that have a termination message.
const refusing = "refusing.json"

const refusingRules = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
	{"names":["getpgid"],"action":"SCMP_ACT_ERRNO"},
	{"names":["getsid"],"action":"SCMP_ACT_KILL_PROCESS"},
	{"names":["getpriority"],"action":"SCMP_ACT_TRAP"}]}`

// A container that fails after a refused call has that call in its termination message,
// which the kubelet shows, unless it has written a message itself.
func TestTerminationMessage(t *testing.T) {
	t.Parallel()
	needNode(t)
	if err := os.WriteFile(filepath.Join(seccompRoot, refusing), []byte(refusingRules), 0o644); err != nil {
		t.Fatal(err)
	}
	const refused = "the seccomp profile (linux.seccomp) refused:\n" +
		"getpgid ×2: ERRNO(1 operation not permitted) by syscalls[0], in /bin/calls"
	// The kernel's log may lack a record of a kill, because its rate limit is the machine's.
	const killed = "killed by SIGSYS: the seccomp profile (linux.seccomp) answers "
	const trapped = killed + "a call of the container with KILL or TRAP; which one is not known: "
	twice := []string{steps.Call("getpgid", 1), steps.Call("getpgid", 2)}
	for _, row := range []struct {
		fact    string
		observe bool
		args    []string
		want    string // the start of the message
	}{
		{"it fails after a refusal", true, steps.Args(append(twice, "exit:3")...), refused},
		{"it ends well after a refusal", true, steps.Args(append(twice, "exit:0")...), ""},
		{"it fails without a refusal", true, steps.Args("exit:3"), ""},
		{"it is not observed", false, steps.Args(append(twice, "exit:3")...), ""},
		{"it has a message", true, []string{"/bin/sh", "-c", "echo own >/dev/termination-log; exec " + strings.Join(steps.Args(append(twice, "exit:3")...), " ")}, "own\n"},
		{"a call kills it", true, steps.Args(steps.Call("getsid", 0), "exit:3"), killed},
		{"a call is trapped", true, steps.Args(steps.Call("getpriority", 0, 0), "exit:3"), trapped},
		{"a call kills it after a refusal", true, steps.Args(append(twice, steps.Call("getsid", 0))...), killed},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			if row.observe {
				config.Annotations[observeAnnotation] = "denials"
			}
			p := runPod(t, config)
			container := newContainerConfig("web", row.args...)
			container.Linux.SecurityContext.Seccomp = localhost(refusing)
			file := mountTerminationMessage(t, config, container)
			c := p.start(t, container)
			t.Cleanup(func() { os.Remove(filepath.Join("/run/seccomp-shim/denials/k8s.io", c.id+".json")) })
			eventually(t, "it has exited", func() bool { return c.status(t).State == cri.ContainerState_CONTAINER_EXITED })
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(text); !strings.HasPrefix(got, row.want) || row.want == "" && got != "" || len(got) > 1024 {
				t.Errorf("the message is %q, want %q", got, row.want)
			}
		})
	}
}

// mountTerminationMessage makes the container's file as the kubelet does, and returns its
// path.
func mountTerminationMessage(t *testing.T, pod *cri.PodSandboxConfig, c *cri.ContainerConfig) string {
	t.Helper()
	dir := filepath.Join("/var/lib/kubelet/pods", pod.Metadata.Uid, "containers", c.Metadata.Name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%08x", names.Add(1)))
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	c.Mounts = append(c.Mounts, &cri.Mount{HostPath: path, ContainerPath: "/dev/termination-log"})
	return path
}
