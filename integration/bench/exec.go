package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/pkg/cio"
)

// exec runs a program that ends at once, and returns the milliseconds until the client has
// its exit status.
func (p *pod) exec(ctx context.Context) (took float64, err error) {
	p.execs++
	return p.execAs(ctx, fmt.Sprintf("e%d", p.execs))
}

func (p *pod) execAs(ctx context.Context, id string, args ...string) (took float64, err error) {
	return p.run(ctx, id, append([]string{programPath}, args...))
}

// run runs any program of the container.
func (p *pod) run(ctx context.Context, id string, args []string) (took float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	spec, err := p.container.Spec(ctx)
	if err != nil {
		return 0, err
	}
	spec.Process.Args = args
	begin := time.Now()
	process, err := p.task.Exec(ctx, id, spec.Process, cio.NullIO)
	if err != nil {
		return 0, fmt.Errorf("exec: %w", err)
	}
	exits, err := process.Wait(ctx)
	if err != nil {
		return 0, fmt.Errorf("wait for exec: %w", err)
	}
	if err := process.Start(ctx); err != nil {
		return 0, fmt.Errorf("start exec: %w", err)
	}
	status := <-exits
	took = since(begin)
	if code, _, err := status.Result(); err != nil || code != 0 {
		return 0, fmt.Errorf("exec: the program ended with %d: %w", code, err)
	}
	if _, err := process.Delete(ctx); err != nil {
		return 0, fmt.Errorf("delete exec: %w", err)
	}
	return took, nil
}

// atOnce is the number of concurrent execs.
const atOnce = 10

// execAtOnce starts the execs concurrently. It returns the milliseconds until all have ended
// and are deleted.
func (p *pod) execAtOnce(ctx context.Context) (took float64, err error) {
	errs := make([]error, atOnce)
	var group sync.WaitGroup
	begin := time.Now()
	for i := range errs {
		p.execs++
		id := fmt.Sprintf("e%d", p.execs)
		group.Go(func() { _, errs[i] = p.execAs(ctx, id) })
	}
	group.Wait()
	return since(begin), errors.Join(errs...)
}

// measureExecs measures execs in containers that run for all rounds.
func (l *lab) measureExecs(ctx context.Context, rounds int, into samples) (err error) {
	all := subjects(l.peers)
	pods, err := l.newPods(ctx, all)
	defer func() { err = pods.close(err) }()
	if err != nil {
		return err
	}
	for round := -warmUp; round < rounds; round++ {
		progress("exec", round, rounds)
		for _, s := range l.shuffled(all) {
			took, err := pods[s].exec(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			if round >= 0 {
				into.add(metricExec, s, took)
			}
		}
		if round%atOnce != 0 {
			continue
		}
		for _, s := range l.shuffled(all) {
			took, err := pods[s].execAtOnce(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			into.add(metricExecs, s, took)
		}
	}
	return nil
}
