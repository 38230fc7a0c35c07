package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	exporterImage     = "seccomp-shim.invalid/exporter:local"
	exporterNamespace = "seccomp-exporter"
)

// The pod of deploy/exporter/daemonset.yaml serves the refused calls of other pods: as root
// without a capability, under RuntimeDefault, it can read the reports. There is no controller
// manager, so the test makes the pod of the DaemonSet.
func TestExporterPod(t *testing.T) {
	prepareNode(t)
	startPod(t, "counted", fmt.Sprintf(failingPod, "counted", "mkdir /tmp/new || mkdir /tmp/new || exit 3"))
	eventually(t, func() error {
		if phase := field(t, "counted", ".status.phase"); phase != "Failed" {
			return fmt.Errorf("the pod is %s", phase)
		}
		return nil
	})

	text, err := os.ReadFile(fromRoot("deploy/exporter/daemonset.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "\n---\n")
	if len(documents) != 3 {
		t.Fatalf("%d documents", len(documents))
	}
	kubectlIn(t, documents[0]+"\n---\n"+documents[1], "apply", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "namespace/"+exporterNamespace, "--wait=false") })
	kubectlIn(t, podOf(t, documents[2]), "create", "-f", "-")
	t.Cleanup(func() { kubectl(t, "delete", "-n", exporterNamespace, "pod/exporter", "--wait", "--timeout=40s") })
	if err := k8s.schedule(exporterNamespace, "exporter"); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "wait", "-n", exporterNamespace, "--for=condition=Ready", "pod/exporter", "--timeout="+podTimeout.String())

	served := kubectl(t, "get", "--raw", "/api/v1/namespaces/"+exporterNamespace+"/pods/exporter:9837/proxy/metrics")
	const want = `seccomp_denials_total{answer="ERRNO(1 operation not permitted)",container="test-container",mode="denials",` +
		`namespace="default",pod="counted",syscall="mkdir"} 2`
	if !strings.Contains(served, want) {
		t.Errorf("it does not serve %s, but\n%s", want, served)
	}
}

// podOf returns the pod that a DaemonSet has on a node, with the handler seccomp.
func podOf(t *testing.T, manifest string) string {
	t.Helper()
	var set appsv1.DaemonSet
	if err := yaml.UnmarshalStrict([]byte(manifest), &set); err != nil {
		t.Fatal(err)
	}
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "exporter", Namespace: set.Namespace, Labels: set.Spec.Template.Labels},
		Spec:       set.Spec.Template.Spec,
	}
	handler := "seccomp" // this node has no other one
	pod.Spec.RuntimeClassName = &handler
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
