package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"seccomp-shim/integration/testbed"
)

const (
	installerImage     = "seccomp-shim.invalid/installer:local"
	installerNamespace = "seccomp-shim"
	nodeLabel          = "io.containerd.seccomp.v1/handler"
)

// waitingPod tolerates all taints, because no controller removes those of a new node.
const waitingPod = `apiVersion: v1
kind: Pod
metadata:
  name: %s
spec:
  runtimeClassName: seccomp
  tolerations: [{operator: Exists}]
  containers:
  - name: test-container
    image: docker.io/library/busybox:1.35
    command: ["sleep", "1000"]
`

// TestScheduling applies deploy/ as a whole. The DaemonSet's pod is as the kubelet runs it, with
// its token, but the container install only says that it has run: this node has the handler.
func TestScheduling(t *testing.T) {
	prepareNode(t)
	applyDeploy(t)
	t.Run("label", testLabel)
	t.Run("token", testToken)
}

// A pod waits, and its event says why, until the installer's pod has labelled the node. The
// scheduler is real.
func testLabel(t *testing.T) {
	startScheduler(t)
	apply(t, "early", fmt.Sprintf(waitingPod, "early"))
	describe(t, "early", "FailedScheduling", "didn't match Pod's node affinity/selector")
	installerPod(t, "installs", "install")
	awaitReady(t, "early")
	if got := label(t, nodeName); got != "seccomp" {
		t.Errorf("the label is %q", got)
	}

	// An uninstallation keeps new pods away, and leaves those that run.
	installerPod(t, "uninstalls", "uninstall")
	if got := label(t, nodeName); got != "" {
		t.Errorf("the label is %q", got)
	}
	apply(t, "late", fmt.Sprintf(waitingPod, "late"))
	describe(t, "late", "FailedScheduling", "didn't match Pod's node affinity/selector")
	if got := status(t, "early"); got != "1/1 Running 0" {
		t.Errorf("the pod that ran is now %s", got)
	}
}

// The token of the installer's pod can do nothing but change that label of the pod's node.
func testToken(t *testing.T) {
	kubectlIn(t, `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-2"}}`, "create", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "node/node-2") })
	installerPod(t, "has-token", "uninstall")
	bound := kubectl(t, "create", "token", "node-installer", "-n", installerNamespace, "--bound-object-kind=Pod", "--bound-object-name=has-token")
	unbound := kubectl(t, "create", "token", "node-installer", "-n", installerNamespace)

	const (
		policy = "ValidatingAdmissionPolicy 'seccomp-shim-node-label'"
		right  = `{"metadata": {"labels": {"` + nodeLabel + `": "seccomp"}}}`
	)
	for _, row := range []struct{ name, token, node, patch, want string }{
		{"its label", bound, nodeName, right, ""},
		{"its label again", bound, nodeName, right, ""},
		{"another value", bound, nodeName, `{"metadata": {"labels": {"` + nodeLabel + `": "runc"}}}`, policy + " with binding 'seccomp-shim-node-label' denied request: the label"},
		{"another label", bound, nodeName, `{"metadata": {"labels": {"node-restriction.kubernetes.io/team": "a"}}}`, "may change only the label"},
		{"removes a label", bound, nodeName, `{"metadata": {"labels": {"kubernetes.io/os": null}}}`, "may change only the label"},
		{"a taint", bound, nodeName, `{"spec": {"taints": null}}`, "may change nothing of a node but its label"},
		{"unschedulable", bound, nodeName, `{"spec": {"unschedulable": true}}`, "may change nothing of a node but its label"},
		{"an annotation", bound, nodeName, `{"metadata": {"annotations": {"a": "b"}}}`, "may change nothing of a node but its label"},
		{"a finalizer", bound, nodeName, `{"metadata": {"finalizers": ["a.example/b"]}}`, "may change nothing of a node but its label"},
		{"another node", bound, "node-2", right, "may change only the node that its pod runs on"},
		{"no pod's token", unbound, nodeName, right, "may change only the node that its pod runs on"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, answer := patchNode(t, row.token, row.node, row.patch)
			if (code == http.StatusOK) != (row.want == "") || !strings.Contains(answer, row.want) {
				t.Errorf("got %d %s, want %q", code, answer, row.want)
			}
		})
	}
	if code, answer := patchNode(t, bound, nodeName+"/status", `{"status": {"phase": "Terminated"}}`); code != http.StatusForbidden {
		t.Errorf("a patch of the status: %d %s", code, answer)
	}
	for _, args := range [][]string{{"delete", "node/node-2"}, {"get", "nodes"}, {"get", "secrets", "-A"}} {
		if out, err := k8s.run("", append(args, "--token="+bound)...); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("kubectl %v: %s", args, out)
		}
	}
	kubectl(t, "label", "node/"+nodeName, nodeLabel+"-")
}

// patchNode sends a JSON merge patch with a token. kubectl would read the node first, for which the
// installer has no right.
func patchNode(t *testing.T, token, node, patch string) (code int, answer string) {
	t.Helper()
	authority, err := os.ReadFile(filepath.Join(certificates, "apiserver.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, apiserverURL+"/api/v1/nodes/"+node, strings.NewReader(patch))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/merge-patch+json")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// startScheduler starts kube-scheduler for a test. In others the test binds the pods.
func startScheduler(t *testing.T) {
	t.Helper()
	scheduler := k8s.daemon("kube-scheduler", []string{"--kubeconfig=" + filepath.Join(certificates, "person.conf"), "--leader-elect=false", "--secure-port=0"})
	if err := os.RemoveAll(scheduler.log); err != nil {
		t.Fatal(err)
	}
	if err := scheduler.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := scheduler.stop(); err != nil {
			t.Error(err)
		}
	})
}

// applyDeploy applies deploy/ as its first lines say, and what the controller manager makes
// beside it: the API server's authority.
func applyDeploy(t *testing.T) {
	t.Helper()
	tools, err := testbed.Busybox()
	if err != nil {
		t.Fatal(err)
	}
	installer, err := os.ReadFile(filepath.Join(testbed.BinDir(), "node-installer"))
	if err != nil {
		t.Fatal(err)
	}
	// As deploy/installer/Dockerfile makes it, without what install brings to a node.
	tools["/opt/seccomp-shim/node-installer"] = testbed.File{Content: installer, Mode: 0o755}
	if err := k8s.node.Import(context.Background(), installerImage, testbed.Rootfs{Files: tools}); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "apply", "-k", fromRoot("deploy"))
	t.Cleanup(func() {
		kubectl(t, "delete", "-k", fromRoot("deploy"), "--wait=false")
		kubectl(t, "apply", "-f", fromRoot(manifests, "runtimeclass.yaml")) // as other tests have it
	})
	if _, err := k8s.run("", "get", "configmap/kube-root-ca.crt", "-n", installerNamespace); err != nil {
		kubectl(t, "create", "configmap", "kube-root-ca.crt", "-n", installerNamespace, "--from-file=ca.crt="+filepath.Join(certificates, "apiserver.crt"))
	}
}

// installerPod runs the DaemonSet's pod with an action, until it is ready.
func installerPod(t *testing.T, name, action string) {
	t.Helper()
	var set appsv1.DaemonSet
	if err := yaml.Unmarshal([]byte(kubectl(t, "get", "-n", installerNamespace, "daemonset/node-installer", "-o", "yaml")), &set); err != nil {
		t.Fatal(err)
	}
	spec := set.Spec.Template.Spec
	address := []corev1.EnvVar{{Name: "KUBERNETES_SERVICE_HOST", Value: nodeAddress}, {Name: "KUBERNETES_SERVICE_PORT", Value: "6443"}}
	for _, c := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range c {
			c[i].Env = append(c[i].Env, address...)
		}
	}
	spec.HostNetwork = true // the pods' network has no way to the API server, and there is no kube-proxy
	install := &spec.InitContainers[1]
	install.Env = append(install.Env, corev1.EnvVar{Name: "ACTION", Value: action})
	written, _, found := strings.Cut(install.Args[0], "exec 3<")
	if !found {
		t.Fatalf("install runs %q", install.Args)
	}
	install.Args[0] = written
	class := "seccomp-anywhere"
	spec.RuntimeClassName = &class // the node's only handler, without the label
	spec.NodeName = nodeName
	kubectlIn(t, `{"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "`+class+`"}, "handler": "seccomp"}`, "apply", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "runtimeclass/"+class, "--ignore-not-found") })
	text, err := json.Marshal(corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: installerNamespace},
		Spec:       spec,
	})
	if err != nil {
		t.Fatal(err)
	}
	kubectlIn(t, string(text), "create", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "-n", installerNamespace, "pod/"+name, "--wait", "--timeout=40s") })
	if _, err := k8s.run("", "wait", "-n", installerNamespace, "--for=condition=Ready", "pod/"+name, "--timeout="+podTimeout.String()); err != nil {
		described, _ := k8s.run("", "describe", "-n", installerNamespace, "pod/"+name)
		said, _ := k8s.run("", "logs", "-n", installerNamespace, "pod/"+name, "--all-containers")
		t.Fatalf("%v\n%s\n%s", err, described, said)
	}
}

// apply creates a pod that the scheduler has to bind. It is deleted when the test ends.
func apply(t *testing.T, name, manifest string) {
	t.Helper()
	kubectlIn(t, manifest, "apply", "-f", "-")
	t.Cleanup(func() { deletePod(t, name) })
}

func label(t *testing.T, node string) string {
	t.Helper()
	return kubectl(t, "get", "node/"+node, "-o", `jsonpath={.metadata.labels.`+strings.ReplaceAll(nodeLabel, ".", `\.`)+`}`)
}
