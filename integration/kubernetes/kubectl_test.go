package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

// podTimeout is the limit for a pod to reach the state that a test needs, manyPodsTimeout for
// those of TestChaos. commandTimeout is for a kubectl that may wait for one.
const (
	podTimeout      = 60 * time.Second
	manyPodsTimeout = 5 * time.Minute
	commandTimeout  = podTimeout + 20*time.Second
)

// run runs kubectl as a person does, with stdin, and returns its output.
func (c *cluster) run(stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs, "kubectl"), args...)
	cmd.Env = c.environment()
	cmd.Stdin = strings.NewReader(stdin)
	result, err := testbed.Run(cmd)
	if err == nil && result.ExitCode != 0 {
		err = fmt.Errorf("kubectl %s: exit code %d: %s%s", strings.Join(args, " "), result.ExitCode, result.Stdout, result.Stderr)
	}
	return strings.TrimSuffix(result.Stdout, "\n"), err
}

// environment returns the environment of a person who uses kubectl, or crictl on the node.
func (c *cluster) environment() []string {
	return append(os.Environ(), "KUBECONFIG="+filepath.Join(certificates, "person.conf"), "HOME=/run",
		"CRI_CONFIG_FILE="+crictlConfig)
}

// kubectl runs a command that must succeed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return kubectlIn(t, "", args...)
}

// kubectlIn runs a command that must succeed, with stdin.
func kubectlIn(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := k8s.run(stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// applyPod creates the pod of a file of this repository, without changes.
func applyPod(t *testing.T, file string) (name string) {
	t.Helper()
	manifest, err := os.ReadFile(fromRoot(file))
	if err != nil {
		t.Fatal(err)
	}
	name = strings.TrimSuffix(filepath.Base(file), ".yaml")
	startPod(t, name, string(manifest))
	return name
}

// startPod creates a pod and binds it to the node, as the scheduler does. The pod is
// deleted when the test ends.
func startPod(t *testing.T, name, manifest string) {
	t.Helper()
	if _, err := k8s.run(manifest, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deletePod(t, name) })
	if err := k8s.schedule("default", name); err != nil {
		t.Fatal(err)
	}
}

// startPods creates pods that name the node, so they need no scheduler. They are deleted at
// once when the test ends.
func startPods(t *testing.T, manifests []string) {
	t.Helper()
	all := strings.Join(manifests, "\n---\n")
	t.Cleanup(func() {
		kubectlIn(t, all, "delete", "-f", "-", "--ignore-not-found", "--wait", "--timeout="+podTimeout.String())
	})
	kubectlIn(t, all, "create", "-f", "-")
}

func (c *cluster) schedule(namespace, pod string) error {
	binding := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": %q},
		"target": {"apiVersion": "v1", "kind": "Node", "name": %q}}`, pod, nodeName)
	_, err := c.run(binding, "create", "-n", namespace, "-f", "-")
	return err
}

// deletePod deletes a pod. If the test has failed, it first logs the pod's state.
func deletePod(t *testing.T, name string) {
	t.Helper()
	if t.Failed() {
		out, err := k8s.run("", "describe", "pod/"+name)
		t.Logf("kubectl describe pod/%s: %v\n%s\nkubelet:\n%s\ncontainerd:\n%s", name, err, out,
			logTail(k8s.log("kubelet")), logTail(k8s.log("containerd")))
	}
	kubectl(t, "delete", "pod/"+name, "--wait", "--timeout=40s")
}

func (c *cluster) deletePods() error {
	_, err := c.run("", "delete", "pods", "--all", "--wait", "--timeout=40s")
	return err
}

// eventually polls until check returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	within(t, podTimeout, check)
}

// within is eventually with a limit.
func within(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(pollInterval) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", limit, err)
		}
	}
}

// awaitReady waits until `kubectl get` shows 1/1 Running.
func awaitReady(t *testing.T, pod string) {
	t.Helper()
	kubectl(t, "wait", "--for=condition=Ready", "pod/"+pod, "--timeout="+podTimeout.String())
	if got := status(t, pod); got != "1/1 Running 0" {
		t.Errorf("kubectl get pod/%s: %q", pod, got)
	}
}

// awaitStatus waits until `kubectl get` shows the status, such as CrashLoopBackOff, and
// no container of the pod is ready.
func awaitStatus(t *testing.T, pod, want string) {
	t.Helper()
	eventually(t, func() error {
		got := status(t, pod)
		if fields := strings.Fields(got); len(fields) == 3 && fields[0] == "0/1" && fields[1] == want {
			return nil
		}
		return fmt.Errorf("kubectl get pod/%s shows %q, not %q", pod, got, want)
	})
}

// status returns READY, STATUS and RESTARTS of `kubectl get`, without the time in
// brackets after the number of restarts.
func status(t *testing.T, pod string) string {
	t.Helper()
	fields := strings.Fields(kubectl(t, "get", "pod/"+pod, "--no-headers"))
	if len(fields) < 4 {
		t.Fatalf("kubectl get pod/%s: %q", pod, fields)
	}
	return strings.Join(fields[1:4], " ")
}

// describe waits until `kubectl describe` shows all texts, which may be in several
// events, and returns its output.
func describe(t *testing.T, pod string, texts ...string) string {
	t.Helper()
	var out string
	eventually(t, func() error {
		out = kubectl(t, "describe", "pod/"+pod)
		for _, text := range texts {
			if !strings.Contains(out, text) {
				return fmt.Errorf("kubectl describe pod/%s does not say %q", pod, text)
			}
		}
		return nil
	})
	return out
}

// field returns a field of a pod, by kubectl's JSONPath.
func field(t *testing.T, pod, path string) string {
	t.Helper()
	return kubectl(t, "get", "pod/"+pod, "-o", "jsonpath={"+path+"}")
}
