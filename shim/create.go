package shim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/stdio"
)

// createContainer is the whole way from an OCI spec to a container whose init
// waits, confined, for its start.
func (s *service) createContainer(ctx context.Context, r *task.CreateTaskRequest) (_ *container.Container, err error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return nil, err
	}
	options, err := taskOptions(r)
	if err != nil {
		return nil, err
	}
	spec, err := readSpec(r.Bundle)
	if err != nil {
		return nil, err
	}
	filter, err := s.confine(ctx, spec, options)
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	if !options.SystemdCgroup && container.IsScope(spec.Linux.CgroupsPath) {
		// Not refused: containerd 1.6 drops the option, and the container runs.
		log.G(ctx).Warnf("config.json: linux.cgroupsPath: %q is slice:prefix:name, but the option SystemdCgroup is off: "+
			"the container is not in the slice, and not under the pod's limits", spec.Linux.CgroupsPath)
	}
	unmount, err := mountRootfs(r.Bundle, r.Rootfs)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, unmount())
		}
	}()
	streams, err := stdio.Open(
		stdio.Streams{Stdin: r.Stdin, Stdout: r.Stdout, Stderr: r.Stderr, Terminal: r.Terminal},
		stdio.Owner{ID: r.ID, Namespace: ns, UID: int(options.IoUid), GID: int(options.IoGid)})
	if err != nil {
		return nil, err
	}
	return container.Create(ctx, container.Config{
		ID:            r.ID,
		Bundle:        r.Bundle,
		Spec:          spec,
		Filter:        filter,
		Checkpoint:    r.Checkpoint,
		SystemdCgroup: options.SystemdCgroup,
		NoPivotRoot:   options.NoPivotRoot,
		NoNewKeyring:  options.NoNewKeyring,
	}, streams, &reporter{service: s, rootfs: r.Rootfs})
}

// confine decides which seccomp profile applies, and compiles it. The filter is
// nil if there is none.
func (s *service) confine(ctx context.Context, spec *specs.Spec, options *Options) (*container.Filter, error) {
	if spec.Linux == nil || spec.Process == nil {
		return nil, errors.New("config.json: linux and process must be set")
	}
	choice, err := resolve.Choose(spec, resolve.Options{UnsetProfile: options.UnsetProfile, ProfileRoot: options.ProfileRoot})
	if err != nil {
		return nil, err
	}
	profile, err := choice.Load()
	if err != nil {
		return nil, err
	}
	spec.Linux.Seccomp = nil // from here on the filter stands for it
	if profile == nil {
		log.G(ctx).Debugf("container runs without a seccomp profile: %s", choice.Origin)
		return nil, nil
	}
	name := fmt.Sprintf("seccomp profile (%s)", choice.Origin)
	result, err := s.compiler.Compile(ctx, profile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	log.G(ctx).WithField("instructions", result.Program.Len()).WithField("skipped", result.Skipped).WithField("own", result.Own).
		Debugf("container runs under its %s", name)
	path, metadata := profile.Listener()
	return &container.Filter{
		Name:             name,
		Program:          result.Program.Bytes(),
		Flags:            result.Flags,
		ListenerPath:     path,
		ListenerMetadata: metadata,
		ListenerDirs:     options.ListenerDirs,
	}, nil
}

func taskOptions(r *task.CreateTaskRequest) (*Options, error) {
	options, err := readOptions(r.Options)
	if err == nil && options == nil {
		err = fmt.Errorf("runtime options: type %q is not known", r.Options.GetTypeUrl())
	}
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	return options, nil
}

func readSpec(bundle string) (*specs.Spec, error) {
	config, err := readConfig(bundle)
	if err != nil {
		return nil, err
	}
	spec, err := seccomp.ReadSpec(config)
	if err != nil {
		return nil, withClass(fmt.Errorf("%s/config.json: %w", bundle, err), errdefs.ErrInvalidArgument)
	}
	return spec, nil
}

// readConfig reads the bundle's config.json.
func readConfig(bundle string) ([]byte, error) {
	if !filepath.IsAbs(bundle) {
		return nil, fmt.Errorf("bundle %q: must be an absolute path: %w", bundle, errdefs.ErrInvalidArgument)
	}
	config, err := os.ReadFile(filepath.Join(bundle, "config.json"))
	if errors.Is(err, os.ErrNotExist) {
		err = withClass(err, errdefs.ErrNotFound)
	}
	return config, err
}

// decodeJSON decodes what a client has sent. The error says where it is from.
func decodeJSON(source string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return withClass(fmt.Errorf("%s: %s", source, mistake.JSON(data, err)), errdefs.ErrInvalidArgument)
	}
	return nil
}

// mountRootfs mounts the container's root file system into its bundle. The
// returned function undoes it.
func mountRootfs(bundle string, mounts []*types.Mount) (unmount func() error, err error) {
	if len(mounts) == 0 {
		return func() error { return nil }, nil
	}
	rootfs := filepath.Join(bundle, "rootfs")
	if err := os.Mkdir(rootfs, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	unmount = func() error { return mount.UnmountRecursive(rootfs, 0) }
	if err := mount.All(mount.FromProto(mounts), rootfs); err != nil {
		return nil, errors.Join(fmt.Errorf("mount rootfs: %w", err), unmount())
	}
	return unmount, nil
}
