package bootstrap

import (
	containerd "github.com/containerd/containerd/v2/pkg/shim"

	"seccomp-shim/shim/options"
)

var _ containerd.Shim = Manager{}

// Manager starts and cleans up shims for containerd's RunShim. Its methods run in
// short-lived processes, in the bundle's directory.
type Manager struct{}

// Name returns the runtime's type.
func (Manager) Name() string { return options.Runtime }
