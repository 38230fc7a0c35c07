package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// observed is our shim when it reports the calls that a profile refuses.
var observed = &peer{name: ours + " observing", runtime: shimRuntime, handler: `observe = "denials"`}

// callsOf are the subjects whose system calls are timed.
func callsOf(peers []*peer) []subject { return confined([]*peer{peers[0], observed, floored}) }

const (
	fewCalls  = 1_000   // within the burst that the shim answers at once
	manyCalls = 100_000 // beyond it: the shim answers later
)

// measureCalls times refused and allowed system calls of containers, observed and not, and
// what a storm of refused calls takes.
func (l *lab) measureCalls(ctx context.Context, rounds int, into samples) (err error) {
	all := callsOf(l.peers)
	pods, err := l.newPods(ctx, all)
	defer func() { err = pods.close(err) }()
	if err != nil {
		return err
	}
	for round := -warmUp; round < rounds; round++ {
		progress("calls", round, rounds)
		for _, s := range l.shuffled(all) {
			refused, allowed, err := l.timeCalls(ctx, pods[s], fewCalls)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			if round >= 0 {
				into.add(metricRefused, s, refused)
				into.add(metricAllowed, s, allowed)
			}
		}
	}
	for _, s := range all {
		if err := l.storm(ctx, pods[s], into); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// storm has many refused calls in a container, and measures the shim's memory before and
// after.
func (l *lab) storm(ctx context.Context, p *pod, into samples) error {
	shim, err := parent(p.task.Pid())
	if err != nil {
		return err
	}
	before, err := memoryOf(shim)
	if err != nil {
		return err
	}
	refused, _, err := l.timeCalls(ctx, p, manyCalls)
	if err != nil {
		return err
	}
	after, err := memoryOf(shim)
	if err != nil {
		return err
	}
	into.add(metricStorm, p.subject, refused*manyCalls/1000)
	into.add(metricStormMemory, p.subject, after.private-before.private)
	return nil
}

// timeCalls returns the microseconds that a refused and an allowed call take.
func (l *lab) timeCalls(ctx context.Context, p *pod, count int) (refused, allowed float64, err error) {
	const name = "calls"
	p.execs++
	if _, err := p.execAs(ctx, fmt.Sprintf("e%d", p.execs), filepath.Join(fifoFolder, name), fmt.Sprint(count)); err != nil {
		return 0, 0, err
	}
	file := filepath.Join(l.fifoDir(), name)
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscan(string(text), &refused, &allowed); err != nil {
		return 0, 0, fmt.Errorf("read %s: %q: %w", file, text, err)
	}
	return refused / 1000, allowed / 1000, errors.Join(os.Remove(file))
}
