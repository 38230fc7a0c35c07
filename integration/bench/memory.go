package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// memory is the memory of idle shims, in MiB.
type memory struct {
	private float64 // pages that no other process maps
	pss     float64 // proportional set size: a shared page is divided among its processes
}

// measureMemory measures the memory of a further pod: it compares the shims of some pods with
// the shims of twice as many. It also measures how much a shim grows by many execs. It leaves
// crun out, because crun has the same shim as runc: with both, twice as many processes would
// share the shim's pages.
func (l *lab) measureMemory(ctx context.Context, s settings, into samples) (err error) {
	all := confined([]*peer{l.peers[0], l.peers[1], shared})
	alive := map[subject][]*pod{}
	defer func() {
		for _, ps := range alive {
			err = errors.Join(err, closeAll(ps))
		}
	}()
	grow := func(number int) (map[subject]memory, error) {
		for range number {
			for _, sub := range all {
				p, err := l.newPod(ctx, sub)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", sub, err)
				}
				alive[sub] = append(alive[sub], p)
			}
		}
		return settledMemory(alive, s.Settle)
	}
	half := s.Pods / 2
	few, err := grow(half)
	if err != nil {
		return err
	}
	progress("memory", half, s.Pods)
	many, err := grow(s.Pods - half)
	if err != nil {
		return err
	}
	for _, sub := range all {
		further := float64(s.Pods - half)
		into.add(metricPrivate, sub, (many[sub].private-few[sub].private)/further)
		into.add(metricPSS, sub, (many[sub].pss-few[sub].pss)/further)
	}
	return churn(ctx, s, alive, into)
}

// churn runs many execs in one pod of each subject, and measures how much the shims grow.
func churn(ctx context.Context, s settings, alive map[subject][]*pod, into samples) error {
	one := map[subject][]*pod{}
	for sub, ps := range alive {
		one[sub] = ps[:1]
	}
	execs := func(number int) error {
		for sub, ps := range one {
			for range number {
				if _, err := ps[0].exec(ctx); err != nil {
					return fmt.Errorf("%s: %w", sub, err)
				}
			}
		}
		return nil
	}
	// The first execs allocate memory that later execs use again.
	if err := execs(s.Churn / 10); err != nil {
		return err
	}
	before, err := settledMemory(one, s.Settle)
	if err != nil {
		return err
	}
	progress("memory after execs", 1, 2)
	if err := execs(s.Churn); err != nil {
		return err
	}
	after, err := settledMemory(one, s.Settle)
	if err != nil {
		return err
	}
	for sub := range one {
		into.add(metricGrowth, sub, after[sub].private-before[sub].private)
	}
	return nil
}

// settledMemory waits, and then returns the sum over the shims of each subject's pods.
func settledMemory(alive map[subject][]*pod, settle time.Duration) (map[subject]memory, error) {
	time.Sleep(settle)
	sums := map[subject]memory{}
	for s, ps := range alive {
		var sum memory
		seen := map[int]bool{}
		for _, p := range ps {
			shim, err := parent(p.task.Pid())
			if err != nil {
				return nil, err
			}
			if seen[shim] {
				continue
			}
			seen[shim] = true
			m, err := memoryOf(shim)
			if err != nil {
				return nil, err
			}
			sum.private += m.private
			sum.pss += m.pss
		}
		sums[s] = sum
	}
	return sums, nil
}

// parent returns the parent of a process. The parent of a container's init is the shim, which
// has forked the init or has inherited it as its subreaper.
func parent(pid uint32) (int, error) {
	value, err := field(fmt.Sprintf("/proc/%d/status", pid), "PPid")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

func memoryOf(pid int) (m memory, err error) {
	rollup := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	if m.pss, err = sizeIn(rollup, "Pss"); err != nil {
		return m, err
	}
	for _, name := range []string{"Private_Clean", "Private_Dirty"} {
		size, err := sizeIn(rollup, name)
		if err != nil {
			return m, err
		}
		m.private += size
	}
	return m, nil
}
