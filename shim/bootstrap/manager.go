package bootstrap

import (
	"context"
	"errors"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	containerd "github.com/containerd/containerd/v2/pkg/shim"

	"seccomp-shim/shim/options"
)

var _ containerd.Shim = Manager{}

// Manager cleans up after shims for containerd's RunShim, in the bundle's directory.
type Manager struct{}

// Name returns the runtime's type.
func (Manager) Name() string { return options.Runtime }

// Start is not asked for: [Arguments.Start] answers containerd.
func (Manager) Start(context.Context, *api.BootstrapParams) (*api.BootstrapResult, error) {
	return nil, errors.New("start: must be the last argument")
}
