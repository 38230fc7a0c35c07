package bootstrap

import "seccomp-shim/shim/bundle"

// groupAnnotations name the group of a container, in order of preference. One
// shim serves a group: a pod, or containers that a client groups itself.
var groupAnnotations = []string{
	"io.containerd.runc.v2.group", // set by clients of runc's shim
	"io.kubernetes.cri.sandbox-id",
}

// groupOf returns the group of a container; that of its own id if none is named.
func groupOf(id string, dir bundle.Dir) (string, error) {
	annotations, err := dir.Annotations()
	if err != nil {
		return "", err
	}
	for _, key := range groupAnnotations {
		if group, ok := annotations[key]; ok {
			return group, nil
		}
	}
	return id, nil
}
