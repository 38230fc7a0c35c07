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
	"seccomp-shim/seccomp/denials"
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
	filter, recorder, err := s.confine(ctx, dir, observe.Config{
		Namespace: ns, ID: r.ID, Spec: spec,
		Reports: observe.Reports{Dir: denials.Dir}, Kills: &s.kills, Announce: s.announceDenied,
	}, opts)
	if err != nil {
		return nil, withClass(err, errdefs.ErrInvalidArgument)
	}
	defer func() {
		if err != nil && recorder != nil {
			recorder.Abandon()
		}
	}()
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
		Recorder:      recorder.orNone(),
		Checkpoint:    r.Checkpoint,
		SystemdCgroup: opts.SystemdCgroup,
		NoPivotRoot:   opts.NoPivotRoot,
		NoNewKeyring:  opts.NoNewKeyring,
	}, streams, &reporter{service: s, rootfs: r.Rootfs, execs: newExecLog(opts, filter)})
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
