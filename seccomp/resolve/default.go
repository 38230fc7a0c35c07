package resolve

import (
	"fmt"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
)

// defaultProfile returns containerd's default profile of the version that this module
// links, so that RuntimeDefault means the same as under the other runtimes of the node. It
// depends on the bounding capabilities, the architecture and the kernel's version (ptrace
// is allowed since 4.8).
func defaultProfile(bounding []string) (*seccomp.Profile, error) {
	p, err := seccomp.New(containerd.DefaultProfile(&specs.Spec{
		Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: bounding}},
	}))
	if err != nil {
		return nil, fmt.Errorf("containerd's default profile: %w", err)
	}
	return p, nil
}
