package shim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/options"
	"seccomp-shim/shim/stdio"
)

// createContainer is the whole way from an OCI spec to a container whose init
// waits, confined, for its start.
func (s *service) createContainer(ctx context.Context, r *task.CreateTaskRequest) (_ *container.Container, err error) {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return nil, err
	}
	opts, err := readOptions(r)
	if err != nil {
		return nil, err
	}
	dir := bundle.Dir(r.Bundle)
	spec, err := readSpec(dir)
	if err != nil {
		return nil, err
	}
	filter, err := s.confine(ctx, spec, opts)
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	if !opts.SystemdCgroup && container.IsScope(spec.Linux.CgroupsPath) {
		// Not refused: containerd 1.6 drops the option, and the container runs.
		log.G(ctx).Warnf("config.json: linux.cgroupsPath: %q is slice:prefix:name, but the option SystemdCgroup is off: "+
			"the container is not in the slice, and not under the pod's limits", spec.Linux.CgroupsPath)
	}
	unmount, err := dir.MountRootfs(r.Rootfs)
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
		stdio.Owner{ID: r.ID, Namespace: ns, UID: int(opts.IoUid), GID: int(opts.IoGid)})
	if err != nil {
		return nil, err
	}
	return container.Create(ctx, container.Config{
		ID:            r.ID,
		Bundle:        r.Bundle,
		Spec:          spec,
		Filter:        filter,
		Checkpoint:    r.Checkpoint,
		SystemdCgroup: opts.SystemdCgroup,
		NoPivotRoot:   opts.NoPivotRoot,
		NoNewKeyring:  opts.NoNewKeyring,
	}, streams, &reporter{service: s, rootfs: r.Rootfs})
}

// confine decides which seccomp profile applies, and compiles it. The filter is
// nil if there is none.
func (s *service) confine(ctx context.Context, spec *specs.Spec, opts *options.Options) (*container.Filter, error) {
	if spec.Linux == nil || spec.Process == nil {
		return nil, errors.New("config.json: linux and process must be set")
	}
	choice, err := seccomp.Resolve(seccomp.Request{
		Inline:       spec.Linux.Seccomp,
		Annotations:  spec.Annotations,
		Capabilities: bounding(spec.Process),
		UnsetProfile: opts.UnsetProfile,
		ProfileRoot:  opts.ProfileRoot,
	})
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
		ListenerDirs:     opts.ListenerDirs,
	}, nil
}

func bounding(p *specs.Process) []string {
	if p.Capabilities == nil {
		return nil
	}
	return p.Capabilities.Bounding
}

func readOptions(r *task.CreateTaskRequest) (*options.Options, error) {
	opts, err := options.Read(r.Options)
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	return opts, nil
}

func readSpec(dir bundle.Dir) (*specs.Spec, error) {
	config, err := dir.Config()
	if errors.Is(err, os.ErrNotExist) {
		return nil, withClass(err, errdefs.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	spec, err := seccomp.ReadSpec(config)
	if err != nil {
		return nil, withClass(fmt.Errorf("%s/config.json: %w", dir, err), errdefs.ErrInvalidArgument)
	}
	return spec, nil
}

// decodeJSON decodes what a client has sent. The error says where it is from.
func decodeJSON(source string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return withClass(fmt.Errorf("%s: %s", source, mistake.JSON(data, err)), errdefs.ErrInvalidArgument)
	}
	return nil
}
