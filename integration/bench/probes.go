package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The exec probes of a node: each pod has one exec in each period.
const (
	probedPods  = 20
	probePeriod = time.Second
	probeWindow = 10 * time.Second
)

// measureProbes measures how busy the machine is while one peer's pods are probed. The pods of
// all peers exist meanwhile.
func (l *lab) measureProbes(ctx context.Context, rounds int, into samples) (err error) {
	all := confined(l.peers)
	alive := map[subject][]*pod{}
	defer func() {
		for _, ps := range alive {
			err = errors.Join(err, closeAll(ps))
		}
	}()
	for _, s := range all {
		for range probedPods {
			p, err := l.newPod(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			alive[s] = append(alive[s], p)
		}
	}
	for round := range rounds {
		progress("probes", round, rounds)
		for _, s := range l.shuffled(all) {
			before, err := processorTime()
			if err != nil {
				return err
			}
			begin := time.Now()
			if err := probe(ctx, alive[s]); err != nil {
				return fmt.Errorf("%s: probe: %w", s, err)
			}
			after, err := processorTime()
			if err != nil {
				return err
			}
			into.add(metricProbes, s, 100*float64(after-before)/float64(time.Since(begin)))
		}
	}
	return nil
}

// probe runs an exec in each pod in each period of a window. It spreads the execs over the
// period.
func probe(ctx context.Context, ps []*pod) error {
	errs := make([]error, len(ps))
	var group sync.WaitGroup
	begin := time.Now()
	for i, p := range ps {
		group.Go(func() {
			first := begin.Add(probePeriod * time.Duration(i) / time.Duration(len(ps)))
			for at := first; at.Before(begin.Add(probeWindow)) && errs[i] == nil; at = at.Add(probePeriod) {
				time.Sleep(time.Until(at))
				_, errs[i] = p.exec(ctx)
			}
		})
	}
	group.Wait()
	time.Sleep(time.Until(begin.Add(probeWindow)))
	return errors.Join(errs...)
}
