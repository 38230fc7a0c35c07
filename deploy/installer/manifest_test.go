package installer

import (
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// One pod on each node has only the rights that it needs, and only until it is done.
func TestManifest(t *testing.T) {
	data, err := os.ReadFile("daemonset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var (
		namespace corev1.Namespace
		account   corev1.ServiceAccount
		set       appsv1.DaemonSet
	)
	documents := strings.Split(string(data), "\n---\n")
	for i, object := range []any{&namespace, &account, &set} {
		if err := yaml.UnmarshalStrict([]byte(documents[i]), object); err != nil {
			t.Fatal(err)
		}
	}
	if len(documents) != 3 || namespace.Kind != "Namespace" || account.Kind != "ServiceAccount" || set.Kind != "DaemonSet" {
		t.Fatalf("%d documents: %s, %s, %s", len(documents), namespace.Kind, account.Kind, set.Kind)
	}
	pod := set.Spec.Template.Spec
	if account.Namespace != namespace.Name || set.Namespace != namespace.Name || pod.ServiceAccountName != account.Name {
		t.Error("they do not belong together")
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err != nil || !selector.Matches(labels.Set(set.Spec.Template.Labels)) {
		t.Errorf("selector %v does not match the pods' labels: %v", selector, err)
	}
	for _, c := range append(pod.InitContainers, pod.Containers...) {
		sc := c.SecurityContext
		switch {
		case sc.Privileged != nil && *sc.Privileged:
			t.Errorf("%s is privileged", c.Name)
		case sc.SeccompProfile == nil || sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
			t.Errorf("%s runs under seccomp profile %v", c.Name, sc.SeccompProfile)
		case len(sc.Capabilities.Drop) != 1 || sc.Capabilities.Drop[0] != "ALL":
			t.Errorf("%s drops only %v", c.Name, sc.Capabilities.Drop)
		case sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem:
			t.Errorf("%s may write to its image", c.Name)
		}
	}
	for _, c := range pod.Containers {
		if len(c.SecurityContext.Capabilities.Add)+len(c.VolumeMounts) > 0 || *c.SecurityContext.RunAsUser == 0 {
			t.Errorf("%s keeps rights", c.Name)
		}
	}
}

// The label has one name.
func TestLabelName(t *testing.T) {
	for _, file := range []string{"label/rights.yaml", "../kubernetes/scheduling/runtimeclass-patch.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), labelKey) {
			t.Errorf("%s does not name %s", file, labelKey)
		}
	}
	if faults := validation.IsQualifiedName(labelKey); len(faults) > 0 {
		t.Errorf("%s: %v", labelKey, faults)
	}
}
