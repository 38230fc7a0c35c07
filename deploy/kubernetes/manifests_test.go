// Package kubernetes holds what a cluster's administrator applies; its tests
// read the files as strictly as the API server does.
package kubernetes

import (
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"seccomp-shim/seccomp/resolve"
)

// read decodes a file into an object. An unknown or repeated field is an error.
func read[T any](t *testing.T, path string) *T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	object := new(T)
	if err := yaml.UnmarshalStrict(data, object); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return object
}

func TestRuntimeClass(t *testing.T) {
	for file, name := range map[string]string{"runtimeclass.yaml": "seccomp", "runtimeclass-record.yaml": "seccomp-record"} {
		class := read[nodev1.RuntimeClass](t, file)
		if class.APIVersion != "node.k8s.io/v1" || class.Kind != "RuntimeClass" || class.Name != name || class.Handler != name {
			t.Errorf("%s: got %+v", file, class)
		}
	}
}

// tutorialPods are the names of the tutorial's pods, which have twins in alpha/.
var tutorialPods = []string{"default-pod", "audit-pod", "fine-pod", "violation-pod"}

// The pods are the tutorial's, with a runtime class.
func TestTutorialPods(t *testing.T) {
	for _, row := range []struct {
		name, text  string
		profileType corev1.SeccompProfileType
		path        string
	}{
		{"default-pod", "just made some more syscalls!", corev1.SeccompProfileTypeRuntimeDefault, ""},
		{"audit-pod", "just made some syscalls!", corev1.SeccompProfileTypeLocalhost, "profiles/audit.json"},
		{"fine-pod", "just made some syscalls!", corev1.SeccompProfileTypeLocalhost, "profiles/fine-grained.json"},
		{"violation-pod", "just made some syscalls!", corev1.SeccompProfileTypeLocalhost, "profiles/violation.json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			forbidden := false
			profile := &corev1.SeccompProfile{Type: row.profileType}
			if row.path != "" {
				profile.LocalhostProfile = &row.path
			}
			class := "seccomp"
			want := &corev1.Pod{}
			want.APIVersion, want.Kind = "v1", "Pod"
			want.Name = row.name
			want.Labels = map[string]string{"app.kubernetes.io/name": row.name}
			want.Spec = corev1.PodSpec{
				RuntimeClassName: &class,
				SecurityContext:  &corev1.PodSecurityContext{SeccompProfile: profile},
				Containers: []corev1.Container{{
					Name:            "test-container",
					Image:           "docker.io/hashicorp/http-echo:1.0",
					Args:            []string{"-text=" + row.text},
					SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &forbidden},
				}},
			}
			if got := read[corev1.Pod](t, "pods/"+row.name+".yaml"); !equality.Semantic.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// A pod in alpha/ is its namesake with an annotation in the field's place. The shim
// takes the same profile from it.
func TestAlphaTwins(t *testing.T) {
	for _, name := range tutorialPods {
		t.Run(name, func(t *testing.T) {
			pod, twin := read[corev1.Pod](t, "pods/"+name+".yaml"), read[corev1.Pod](t, "pods/alpha/"+name+".yaml")
			choice, err := resolve.Choose(&specs.Spec{Annotations: twin.Annotations}, resolve.Options{})
			if err != nil {
				t.Fatal(err)
			}
			profile := pod.Spec.SecurityContext.SeccompProfile
			path := ""
			if profile.LocalhostProfile != nil {
				path = *profile.LocalhostProfile
			}
			if choice.Source.String() != string(profile.Type) || choice.Path != path {
				t.Errorf("the annotation names %v %q, the field %s %q", choice.Source, choice.Path, profile.Type, path)
			}
			for key := range twin.Annotations {
				if !strings.Contains(key, ".alpha.kubernetes.io/") {
					t.Errorf("annotation %s is not Kubernetes' old one", key)
				}
			}
			twin.Annotations, pod.Spec.SecurityContext = nil, nil
			if !equality.Semantic.DeepEqual(pod, twin) {
				t.Errorf("they differ:\n%v\n%v", pod, twin)
			}
		})
	}
}

// The pod is the one of Kubernetes' reference of seccomp fields, with programs that show
// their profiles. kubectl debug adds the ephemeral container, which cannot be in a new pod.
func TestMixedPod(t *testing.T) {
	pod := read[corev1.Pod](t, "pods/mixed-pod.yaml")
	ephemeral := read[corev1.Container](t, "debug-container.yaml")
	if len(pod.Spec.InitContainers) != 1 || len(pod.Spec.Containers) != 1 || *pod.Spec.RuntimeClassName != "seccomp" {
		t.Fatalf("got %+v", pod.Spec)
	}
	path := "profiles/fine-grained.json"
	for where, row := range map[string]struct {
		got  *corev1.SeccompProfile
		want corev1.SeccompProfile
	}{
		"pod":                 {pod.Spec.SecurityContext.SeccompProfile, corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}},
		"init container":      {pod.Spec.InitContainers[0].SecurityContext.SeccompProfile, corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		"container":           {pod.Spec.Containers[0].SecurityContext.SeccompProfile, corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: &path}},
		"ephemeral container": {ephemeral.SecurityContext.SeccompProfile, corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
	} {
		if !equality.Semantic.DeepEqual(*row.got, row.want) {
			t.Errorf("%s: got %v, want %v", where, row.got, row.want)
		}
	}
}
