package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// cacheDir is the constant of this name in package shim.
const cacheDir = "/run/seccomp-shim"

// newContainer prepares a container of the subject, without a task.
func (l *lab) newContainer(ctx context.Context, s subject) (containerd.Container, error) {
	l.ids++
	id := fmt.Sprintf("b%d", l.ids)
	opts := []oci.SpecOpts{
		oci.WithImageConfig(l.image),
		oci.WithProcessArgs(programPath, filepath.Join(fifoFolder, fifoName)),
		oci.WithMounts([]specs.Mount{{Type: "bind", Source: l.fifoDir(), Destination: fifoFolder, Options: []string{"rbind", "rw"}}}),
		withOldVersion,
	}
	if s.profile != noProfile {
		opts = append(opts, seccomp.WithDefaultProfile())
	}
	c, err := l.client.NewContainer(ctx, id,
		containerd.WithSnapshotter(l.node.Snapshotter()),
		containerd.WithNewSnapshot(id, l.image),
		containerd.WithNewSpec(opts...),
		containerd.WithRuntime(s.peer.runtime, s.peer.options()))
	if err != nil {
		return nil, fmt.Errorf("prepare a container for %s: %w", s.peer.name, err)
	}
	return c, nil
}

// withOldVersion names a version of the OCI spec that crun 1.8.1 accepts too.
// Nothing that is newer is used.
func withOldVersion(_ context.Context, _ oci.Client, _ *containers.Container, spec *oci.Spec) error {
	spec.Version = "1.0.2"
	return nil
}

// life is how long a container took until its program ran, and until it was
// deleted, in milliseconds.
type life struct{ runs, deleted float64 }

// live takes a container through its life.
func (l *lab) live(ctx context.Context, s subject) (took life, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := l.newContainer(ctx, s)
	if err != nil {
		return took, err
	}
	if s.profile == coldCache {
		if err := emptyCache(); err != nil {
			return took, err
		}
	}
	begin := time.Now()
	task, err := c.NewTask(ctx, cio.NullIO)
	if err != nil {
		return took, fmt.Errorf("create: %w", err)
	}
	if err := l.start(ctx, task); err != nil {
		return took, err
	}
	took.runs = since(begin)
	if err := end(ctx, task); err != nil {
		return took, err
	}
	took.deleted = since(begin)
	return took, c.Delete(ctx, containerd.WithSnapshotCleanup)
}

// start returns when the task's program runs. Not each runtime's Start does.
func (l *lab) start(ctx context.Context, task containerd.Task) error {
	if err := task.Start(ctx); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return l.awaitProgram()
}

// end kills a task and deletes it.
func end(ctx context.Context, task containerd.Task) error {
	exits, err := task.Wait(ctx)
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	if err := task.Kill(ctx, unix.SIGKILL); err != nil {
		return fmt.Errorf("kill: %w", err)
	}
	status := <-exits
	if err := status.Error(); err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	if _, err := task.Delete(ctx); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// emptyCache removes what the shims have compiled. There must be something, or
// the cache is elsewhere and what follows would not be cold.
func emptyCache() error {
	entries, err := os.ReadDir(cacheDir)
	if err != nil || len(entries) == 0 {
		return fmt.Errorf("empty the shims' cache %s: nothing is in it (%w)", cacheDir, err)
	}
	return os.RemoveAll(cacheDir)
}

func since(t time.Time) float64 { return float64(time.Since(t)) / float64(time.Millisecond) }

// measureLives measures create+start and the whole life.
func (l *lab) measureLives(ctx context.Context, rounds int, into *samples) error {
	all := subjects(l.peers, true)
	for round := -warmUp; round < rounds; round++ {
		progress("create", round, rounds)
		order := l.shuffled(all)
		if round == -warmUp {
			order = all // a warm cache comes before the cold one
		}
		for _, s := range order {
			took, err := l.live(ctx, s)
			if err != nil {
				return fmt.Errorf("%s, profile %s: %w", s.peer.name, s.profile, err)
			}
			if round >= 0 {
				into.add(metricStart, s, took.runs)
				into.add(metricLife, s, took.deleted)
			}
		}
	}
	return nil
}
