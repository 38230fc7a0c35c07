package denials

// A Pod names the container in Kubernetes.
type Pod struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	UID       string `json:"uid,omitempty"`
	Container string `json:"container,omitempty"`
}

// Annotations of containerd's CRI plugin.
const (
	podNamespace  = "io.kubernetes.cri.sandbox-namespace"
	podName       = "io.kubernetes.cri.sandbox-name"
	PodUID        = "io.kubernetes.cri.sandbox-uid"
	ContainerName = "io.kubernetes.cri.container-name"
)

// PodOf returns what the annotations of a container's spec say about its pod, or nil if there
// is none.
func PodOf(annotations map[string]string) *Pod {
	a := annotations
	if a[podName] == "" && a[ContainerName] == "" {
		return nil
	}
	return &Pod{Namespace: a[podNamespace], Name: a[podName], UID: a[PodUID], Container: a[ContainerName]}
}

// NameOf returns a container's name for people.
func NameOf(id string, pod *Pod) string {
	if pod == nil || pod.Name == "" {
		return id
	}
	return pod.Namespace + "/" + pod.Name + "/" + pod.Container
}
