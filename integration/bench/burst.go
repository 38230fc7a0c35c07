package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
)

// measureBursts starts many pods at once.
func (l *lab) measureBursts(ctx context.Context, rounds, number int, into samples) error {
	all := confined(slices.Concat(l.peers, []*peer{shared}))
	for round := -1; round < rounds; round++ { // round -1 warms up
		progress("pods", round, rounds)
		for _, s := range l.shuffled(all) {
			took, err := l.burst(ctx, s, number)
			if err != nil {
				return fmt.Errorf("%s: %d pods at once: %w", s, number, err)
			}
			if round >= 0 {
				into.add(metricPodsTime, s, took.wall)
				into.add(metricPodsProcessor, s, took.processor)
				into.add(metricPodsPeak, s, took.peak)
			}
		}
	}
	return nil
}

// burst is the cost of starting many pods at once.
type burst struct {
	wall, processor float64 // milliseconds until all programs ran
	peak            float64 // MiB by which the available memory fell, at most
}

func (l *lab) burst(ctx context.Context, s subject, number int) (took burst, err error) {
	prepared := make([]containerd.Container, number)
	for i := range prepared {
		if prepared[i], err = l.newContainer(ctx, s, ""); err != nil {
			return took, err
		}
	}
	memory, err := watchMemory()
	if err != nil {
		return took, err
	}
	before, err := processorTime()
	if err != nil {
		return took, err
	}
	begin := time.Now()
	started, err := l.startAll(ctx, s, prepared)
	took.wall = since(begin)
	peak, watched := memory.end()
	after, counted := processorTime()
	if err := errors.Join(err, watched, counted); err != nil {
		return took, errors.Join(err, closeAll(started))
	}
	took.processor = float64(after-before) / float64(time.Millisecond)
	took.peak = peak
	return took, closeAll(started)
}

// startAll starts the tasks of all containers at once, and returns when all their programs
// run.
func (l *lab) startAll(ctx context.Context, s subject, prepared []containerd.Container) ([]*pod, error) {
	ctx, cancel := context.WithTimeout(ctx, 6*patience)
	defer cancel()
	started := make([]*pod, len(prepared))
	errs := make([]error, len(prepared))
	var group sync.WaitGroup
	for i, c := range prepared {
		group.Go(func() {
			task, err := startTask(ctx, c)
			if err != nil {
				errs[i] = err
				return
			}
			started[i] = &pod{subject: s, container: c, task: task}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return started, err
	}
	return started, l.awaitPrograms(len(prepared))
}

// closeAll ends the pods. A nil pod was not started.
func closeAll(ps []*pod) error {
	errs := make([]error, len(ps))
	var group sync.WaitGroup
	for i, p := range ps {
		if p != nil {
			group.Go(func() { errs[i] = p.close() })
		}
	}
	group.Wait()
	return errors.Join(errs...)
}
