package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
)

// host is a running container in which processes are exec'd.
type host struct {
	subject
	container containerd.Container
	task      containerd.Task
	execs     int
}

func (l *lab) newHost(ctx context.Context, s subject) (*host, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := l.newContainer(ctx, s)
	if err != nil {
		return nil, err
	}
	task, err := c.NewTask(ctx, cio.NullIO)
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	return &host{subject: s, container: c, task: task}, l.start(ctx, task)
}

func (h *host) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(end(ctx, h.task), h.container.Delete(ctx, containerd.WithSnapshotCleanup))
}

// exec runs a program that ends at once, and returns the milliseconds until its
// exit is known.
func (h *host) exec(ctx context.Context) (took float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	spec, err := h.container.Spec(ctx)
	if err != nil {
		return 0, err
	}
	process := spec.Process
	process.Args = []string{programPath}
	h.execs++
	begin := time.Now()
	p, err := h.task.Exec(ctx, fmt.Sprintf("e%d", h.execs), process, cio.NullIO)
	if err != nil {
		return 0, fmt.Errorf("exec: %w", err)
	}
	exits, err := p.Wait(ctx)
	if err != nil {
		return 0, fmt.Errorf("wait for exec: %w", err)
	}
	if err := p.Start(ctx); err != nil {
		return 0, fmt.Errorf("start exec: %w", err)
	}
	status := <-exits
	took = since(begin)
	if code, _, err := status.Result(); err != nil || code != 0 {
		return 0, fmt.Errorf("exec: the program ended with %d: %w", code, err)
	}
	if _, err := p.Delete(ctx); err != nil {
		return 0, fmt.Errorf("delete exec: %w", err)
	}
	return took, nil
}

// measureExecs measures exec in containers that run all the time, and then the
// memory of their shims.
func (l *lab) measureExecs(ctx context.Context, rounds int, into *samples) (_ []memory, err error) {
	all := subjects(l.peers, false)
	hosts := map[subject]*host{}
	defer func() {
		for _, h := range hosts {
			err = errors.Join(err, h.close())
		}
	}()
	for _, s := range all {
		if hosts[s], err = l.newHost(ctx, s); err != nil {
			return nil, fmt.Errorf("%s, profile %s: %w", s.peer.name, s.profile, err)
		}
	}
	for round := -warmUp; round < rounds; round++ {
		progress("exec", round, rounds)
		for _, s := range l.shuffled(all) {
			took, err := hosts[s].exec(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s, profile %s: %w", s.peer.name, s.profile, err)
			}
			if round >= 0 {
				into.add(metricExec, s, took)
			}
		}
	}
	return measureMemory(all, hosts)
}
