package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// groupAnnotation is the annotation in which containerd's CRI plugin names a container's pod.
// Containers with the same value share a shim.
const groupAnnotation = "io.kubernetes.cri.sandbox-id"

// newContainer prepares a container of the subject, without a task. The container joins the
// pod; with an empty name it is alone in a new pod.
func (l *lab) newContainer(ctx context.Context, s subject, pod string, more ...oci.SpecOpts) (containerd.Container, error) {
	l.ids++
	id := fmt.Sprintf("b%d", l.ids)
	if pod == "" {
		pod = id
	}
	opts := []oci.SpecOpts{
		oci.WithImageConfig(l.image),
		oci.WithProcessArgs(programPath, filepath.Join(fifoFolder, fifoName)),
		oci.WithMounts([]specs.Mount{{Type: "bind", Source: l.fifoDir(), Destination: fifoFolder, Options: []string{"rbind", "rw"}}}),
		oci.WithAnnotations(map[string]string{groupAnnotation: pod}),
		withOldVersion,
	}
	if s.profile != noProfile {
		opts = append(opts, seccomp.WithDefaultProfile())
	}
	c, err := l.client.NewContainer(ctx, id,
		containerd.WithSnapshotter(l.node.Snapshotter()),
		containerd.WithNewSnapshot(id, l.image),
		containerd.WithNewSpec(append(opts, more...)...),
		containerd.WithRuntime(s.peer.runtime, s.peer.options()))
	if err != nil {
		return nil, fmt.Errorf("prepare a container for %s: %w", s.peer.name, err)
	}
	return c, nil
}

// withOldVersion sets a version of the OCI spec that Debian 12's crun accepts, too. The
// containers use no newer feature.
func withOldVersion(_ context.Context, _ oci.Client, _ *containers.Container, spec *oci.Spec) error {
	spec.Version = "1.0.2"
	return nil
}

// pod is a running container, whose shim serves further containers.
type pod struct {
	subject
	container containerd.Container
	task      containerd.Task
	execs     int
}

func (l *lab) newPod(ctx context.Context, s subject, more ...oci.SpecOpts) (*pod, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := l.newContainer(ctx, s, "", more...)
	if err != nil {
		return nil, err
	}
	task, err := l.start(ctx, c)
	if err != nil {
		return nil, err
	}
	return &pod{subject: s, container: c, task: task}, nil
}

func (p *pod) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, _, err := end(ctx, p.task)
	return errors.Join(err, p.container.Delete(ctx, containerd.WithSnapshotCleanup))
}

// pods has one pod of each subject.
type pods map[subject]*pod

func (l *lab) newPods(ctx context.Context, all []subject) (pods, error) {
	started := pods{}
	for _, s := range all {
		p, err := l.newPod(ctx, s)
		if err != nil {
			return started, fmt.Errorf("%s: %w", s, err)
		}
		started[s] = p
	}
	return started, nil
}

// close ends all pods, and returns their errors joined with err.
func (ps pods) close(err error) error {
	for _, p := range ps {
		err = errors.Join(err, p.close())
	}
	return err
}

// joinPod starts a further container in a pod, and returns the milliseconds until its program
// runs. The container shares the namespaces that containers of a CRI pod share.
func (l *lab) joinPod(ctx context.Context, p *pod) (took float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var shared []oci.SpecOpts
	for kind, file := range map[specs.LinuxNamespaceType]string{
		specs.NetworkNamespace: "net", specs.IPCNamespace: "ipc", specs.UTSNamespace: "uts",
	} {
		shared = append(shared, oci.WithLinuxNamespace(specs.LinuxNamespace{
			Type: kind, Path: fmt.Sprintf("/proc/%d/ns/%s", p.task.Pid(), file),
		}))
	}
	c, err := l.newContainer(ctx, p.subject, p.container.ID(), shared...)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	task, err := l.start(ctx, c)
	if err != nil {
		return 0, err
	}
	took = since(begin)
	if _, _, err := end(ctx, task); err != nil {
		return 0, err
	}
	return took, c.Delete(ctx, containerd.WithSnapshotCleanup)
}
