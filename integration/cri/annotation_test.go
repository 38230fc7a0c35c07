package cri

import (
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	ownAnnotation        = "io.containerd.seccomp.v1/profile"
	alphaPod             = "seccomp.security.alpha.kubernetes.io/pod"
	alphaContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/"
)

// Annotations name the profile of containers that have none by a field.
// localhost/<path> is a path in the kubelet's folder. Each pod has containers a and b.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact        string
		annotations map[string]string
		field       *cri.SecurityProfile // of both containers
		a, b        behaviour
	}{
		{"Kubernetes' old one for a pod, the default", map[string]string{alphaPod: "runtime/default"}, nil, isDefault, isDefault},
		{"the same by its older name", map[string]string{alphaPod: "docker/default"}, nil, isDefault, isDefault},
		{"a file", map[string]string{alphaPod: "localhost/" + denyPgid}, nil, isDenyPgid, isDenyPgid},
		{"one for a container is stronger", map[string]string{
			alphaPod:                   "runtime/default",
			alphaContainerPrefix + "b": "localhost/" + denyPgid,
		}, nil, isDefault, isDenyPgid},
		{"one for each container, and for one that is not there", map[string]string{
			alphaContainerPrefix + "a": "runtime/default",
			alphaContainerPrefix + "b": "localhost/" + denyPgid,
			alphaContainerPrefix + "c": "unconfined",
		}, nil, isDefault, isDenyPgid},
		{"a container goes without", map[string]string{
			alphaPod:                   "localhost/" + denyPgid,
			alphaContainerPrefix + "a": "unconfined",
		}, nil, isUnconfined, isDenyPgid},
		{"this runtime's own is strongest", map[string]string{
			ownAnnotation: "Localhost/" + denyPgid,
			alphaPod:      "runtime/default",
		}, nil, isDenyPgid, isDenyPgid},
		{"a field is stronger than all", map[string]string{
			ownAnnotation:              "Unconfined",
			alphaPod:                   "unconfined",
			alphaContainerPrefix + "a": "unconfined",
		}, runtimeDefault(), isDefault, isDefault},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Annotations = row.annotations
			p := runPod(t, config)
			p.hold(t, under("a", row.field, probes...)).mustShow(t, row.a)
			p.hold(t, under("b", row.field, probes...)).mustShow(t, row.b)
		})
	}
}

// Device plugins add annotations to a single container.
func TestContainerAnnotation(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	named := under("named", nil, probes...)
	named.Annotations[ownAnnotation] = "Localhost/" + denyPgid
	p.hold(t, named).mustShow(t, isDenyPgid)
	p.hold(t, under("other", nil, probes...)).mustShow(t, isUnconfined)
}
