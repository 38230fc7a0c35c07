package bootstrap

import (
	"cmp"
	"crypto/sha256"
	"fmt"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/options"
)

// Annotations that name the group of a container.
const (
	groupAnnotation     = "io.containerd.runc.v2.group" // set by clients of runc's shim
	sandboxAnnotation   = "io.kubernetes.cri.sandbox-id"
	namespaceAnnotation = "io.kubernetes.cri.sandbox-namespace"
)

// group is a set of containers that one shim serves.
type group struct {
	name string
	// wide says that the group is more than a pod: containers come that know nothing of
	// those that go.
	wide bool
}

// groupOf returns the group of a container, by the first of these: an annotation that
// names it, the option group_by, the pod's sandbox, the container's own id. All groups
// are within one namespace of containerd.
func groupOf(id string, dir bundle.Dir, opts *options.Options) (group, error) {
	annotations, err := dir.Annotations()
	if err != nil {
		return group{}, err
	}
	if name, ok := annotations[groupAnnotation]; ok {
		return group{name: name}, nil
	}
	if opts.GroupBy == options.ByNamespace || opts.GroupBy == options.ByNode {
		name := fmt.Sprintf("group_by/%s/%s", opts.GroupBy, digest(opts))
		if opts.GroupBy == options.ByNamespace {
			name += "/" + annotations[namespaceAnnotation]
		}
		return group{name, true}, nil
	}
	return group{name: cmp.Or(annotations[sandboxAnnotation], id)}, nil
}

// digest tells handlers with different options apart, such as those with a ShimCgroup
// each. After a change of the options, new containers get a new shim.
func digest(opts *options.Options) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", *opts))
	return fmt.Sprintf("%x", sum[:8])
}
