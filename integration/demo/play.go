package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"seccomp-shim/integration/testbed"
)

// auditDelay is the time that the kernel may take to deliver a record.
const auditDelay = 100 * time.Millisecond

// act is a scene that was played.
type act struct {
	scene   scene
	way     way
	seen    seen
	differs string // how it differs from the wanted outcome, empty if it does not
}

// seen has the observations of a scene.
type seen struct {
	served  bool
	probes  map[string]string
	records []testbed.AuditRecord
	lost    bool // the kernel has dropped records
	result  testbed.Result
	left    []string // what is left on the host
}

// play runs a container, observes it as the scene demands, and removes it. An error means
// that the demo cannot continue.
func (s *stage) play(ctx context.Context, sc scene, w way) (act, error) {
	fmt.Printf("Playing %s by %s ...", sc.name, w.name)
	seen, err := s.observe(ctx, sc, w)
	if err != nil {
		fmt.Println()
		return act{}, fmt.Errorf("play %s by %s: %w", sc.name, w.name, err)
	}
	a := act{scene: sc, way: w, seen: seen, differs: sc.want.difference(w, seen)}
	if a.differs == "" {
		fmt.Println(" as expected")
	} else {
		fmt.Println(" " + a.differs)
	}
	return a, nil
}

func (s *stage) observe(ctx context.Context, sc scene, w way) (seen, error) {
	if _, _, err := s.records(); err != nil { // discard the records of the scene before
		return seen{}, err
	}
	id := strings.ReplaceAll(sc.name+"-"+w.id, " ", "-")
	c, err := s.startContainer(ctx, id, w.flags)
	if err != nil {
		return seen{}, err
	}
	observed := seen{served: c.awaitServing(ctx)}
	if observed.served {
		observed.probes, err = c.probe(ctx, sc.want.probes)
	}
	if err := errors.Join(err, c.stop(ctx, s.node)); err != nil {
		return seen{}, err
	}
	observed.result, observed.left = c.result, s.node.AwaitGone(id)
	records, lost, err := s.records()
	observed.records, observed.lost = ofProgram(records), lost
	return observed, errors.Join(c.err, err)
}

// probe asks the program to make the calls in wanted, and returns their results.
func (c *container) probe(ctx context.Context, wanted map[string]string) (map[string]string, error) {
	results := map[string]string{}
	for name := range wanted {
		answer, err := c.get(ctx, "/syscall/"+name)
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", name, err)
		}
		results[name] = strings.TrimPrefix(answer, name+": ")
	}
	return results, nil
}

// records returns the audit records since the last call, and whether the kernel has
// dropped some.
func (s *stage) records() (records []testbed.AuditRecord, lost bool, err error) {
	records, err = s.audit.Drain(auditDelay)
	if errors.Is(err, testbed.ErrAuditLost) {
		return records, true, nil
	}
	return records, false, err
}
