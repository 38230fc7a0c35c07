package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"golang.org/x/sys/unix"
)

// cacheDir is the shim's constant of the same name.
const cacheDir = "/run/seccomp-shim"

// life holds how long each step of a container's life took, in milliseconds.
type life struct {
	runs    float64 // create and start, until the program runs
	exits   float64 // kill, until the client has the exit status
	deletes float64
	whole   float64 // from create to delete
}

// live takes a container through its life.
func (l *lab) live(ctx context.Context, s subject) (took life, failed error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := l.newContainer(ctx, s, "")
	if err != nil {
		return took, err
	}
	if s.profile == coldCache {
		restore, err := emptyCache()
		if err != nil {
			return took, err
		}
		defer func() { failed = errors.Join(failed, restore()) }()
	}
	begin := time.Now()
	task, err := l.start(ctx, c)
	if err != nil {
		return took, err
	}
	took.runs = since(begin)
	if took.exits, took.deletes, err = end(ctx, task); err != nil {
		return took, err
	}
	took.whole = since(begin)
	return took, c.Delete(ctx, containerd.WithSnapshotCleanup)
}

// start returns a task whose program runs. Some runtimes return from Start earlier.
func (l *lab) start(ctx context.Context, c containerd.Container) (containerd.Task, error) {
	task, err := startTask(ctx, c)
	if err != nil {
		return nil, err
	}
	return task, l.awaitPrograms(1)
}

func startTask(ctx context.Context, c containerd.Container) (containerd.Task, error) {
	task, err := c.NewTask(ctx, cio.NullIO)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	if err := task.Start(ctx); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return task, nil
}

// end kills a task and deletes it. It returns the milliseconds until the client has the exit
// status, and the milliseconds that the deletion takes.
func end(ctx context.Context, task containerd.Task) (exits, deletes float64, err error) {
	exit, err := task.Wait(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("wait: %w", err)
	}
	begin := time.Now()
	if err := task.Kill(ctx, unix.SIGKILL); err != nil {
		return 0, 0, fmt.Errorf("kill: %w", err)
	}
	status := <-exit
	exits = since(begin)
	if err := status.Error(); err != nil {
		return 0, 0, fmt.Errorf("wait: %w", err)
	}
	begin = time.Now()
	if _, err := task.Delete(ctx); err != nil {
		return 0, 0, fmt.Errorf("delete: %w", err)
	}
	return exits, since(begin), nil
}

// emptyCache takes away the programs that the shims have compiled, and keeps the directory,
// which running shims have open. A cache that is empty already is an error: then the shims'
// cache is somewhere else, and the next start would not be cold. restore puts back what was not
// compiled again, for containers with other profiles.
func emptyCache() (restore func() error, _ error) {
	programs, err := filepath.Glob(filepath.Join(cacheDir, "*.seccomp-cache"))
	if err != nil || len(programs) == 0 {
		return nil, fmt.Errorf("empty the shims' cache %s: nothing is in it (%w)", cacheDir, err)
	}
	const away = ".bench"
	for _, program := range programs {
		err = errors.Join(err, os.Rename(program, program+away))
	}
	return func() (err error) {
		for _, program := range programs {
			if _, there := os.Lstat(program); there == nil {
				err = errors.Join(err, os.Remove(program+away))
			} else {
				err = errors.Join(err, os.Rename(program+away, program))
			}
		}
		return err
	}, err
}

func since(t time.Time) float64 { return float64(time.Since(t)) / float64(time.Millisecond) }

// measureLives measures containers that are alone in their pods, and further containers in
// pods that run.
func (l *lab) measureLives(ctx context.Context, rounds int, into samples) (err error) {
	pods, err := l.newPods(ctx, subjects(l.peers))
	defer func() { err = pods.close(err) }()
	if err != nil {
		return err
	}
	all := append(subjects(append(slices.Clone(l.peers), floored)), subject{l.peers[0], coldCache})
	for round := -warmUp; round < rounds; round++ {
		progress("life", round, rounds)
		order := l.shuffled(all)
		if round == -warmUp {
			order = all // the last one empties the cache, which another must have filled
		}
		for _, s := range order {
			took, err := l.live(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			var further float64
			if pods[s] != nil {
				if further, err = l.joinPod(ctx, pods[s]); err != nil {
					return fmt.Errorf("%s: further container: %w", s, err)
				}
			}
			if round < 0 {
				continue
			}
			into.add(metricStart, s, took.runs)
			into.add(metricKill, s, took.exits)
			into.add(metricDelete, s, took.deletes)
			into.add(metricLife, s, took.whole)
			if pods[s] != nil {
				into.add(metricFurther, s, further)
			}
		}
	}
	return nil
}
