package task

import (
	"context"
	"errors"
	"fmt"
	"os"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/observe"
	"seccomp-shim/shim/options"
	"seccomp-shim/shim/stdio"
)

// Create makes a container, whose init waits for Start. It undoes what it has done if
// the client goes away before the answer, or if Shutdown names the container.
func (s *Service) Create(ctx context.Context, r *taskv3.CreateTaskRequest) (*taskv3.CreateTaskResponse, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := s.reserve(r.ID, cancel); err != nil {
		return nil, err
	}
	c, err := s.createContainer(ctx, r)
	if err != nil {
		s.remove(r.ID)
		return nil, fmt.Errorf("OCI runtime create failed: %w", err)
	}
	return &taskv3.CreateTaskResponse{Pid: uint32(c.Init().Pid())}, nil
}

// createContainer is the whole way from an OCI spec to a container whose init waits for
// its start, with the filter that it will load.
func (s *Service) createContainer(ctx context.Context, r *taskv3.CreateTaskRequest) (_ *container.Container, err error) {
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
	filter, err := s.confine(ctx, observe.Config{
		Namespace: ns, ID: r.ID, Spec: spec,
		Reports: observe.Reports{Dir: denials.Dir}, Kills: &s.kills, Announce: s.announceDenied,
	}, opts)
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	if !opts.SystemdCgroup && container.IsScope(spec.Linux.CgroupsPath) {
		// A warning and no error: containerd 1.6 drops the option, and the container runs.
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
func (s *Service) confine(ctx context.Context, observed observe.Config, opts *options.Options) (*container.Filter, error) {
	spec := observed.Spec
	if spec.Linux == nil || spec.Process == nil {
		return nil, errors.New("config.json: linux and process must be set")
	}
	choice, err := resolve.Choose(spec, resolve.Options{
		UnsetProfile: opts.UnsetProfile, ProfileRoot: opts.ProfileRoot, Observe: opts.Observe, AllowTrial: opts.AllowTrial,
	})
	if err != nil {
		return nil, err
	}
	profile, err := choice.Load()
	if err != nil {
		return nil, err
	}
	spec.Linux.Seccomp = nil // the filter replaces it
	if profile == nil {
		log.G(ctx).Debugf("container runs without a seccomp profile: %s", choice.Origin)
		return nil, nil
	}
	name := fmt.Sprintf("seccomp profile (%s)", choice.Origin)
	mode, err := modeFor(ctx, profile, choice.Observation)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	disk := openCache(ctx, s.cacheDir)
	defer disk.Close()
	result, err := compile.New(disk).CompileObserved(ctx, profile, mode)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	log.G(ctx).WithField("instructions", result.Program.Len()).WithField("skipped", result.Skipped).WithField("own", result.Reemitted).
		Debugf("container runs under its %s", name)
	path, metadata := profile.Listener()
	filter := &container.Filter{
		Name:             name,
		Program:          result.Program.Bytes(),
		Flags:            result.Flags,
		ListenerPath:     path,
		ListenerMetadata: metadata,
		ListenerDirs:     opts.ListenerDirs,
	}
	if mode != denials.Off {
		observed.Profile = name
		filter.Observer, err = newObserver(ctx, profile, mode, observed)
	}
	return filter, err
}

func readOptions(r *taskv3.CreateTaskRequest) (*options.Options, error) {
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
