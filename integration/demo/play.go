package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"seccomp-shim/integration/testbed"
)

// act is a scene that was played.
type act struct {
	scene   scene
	way     way
	seen    seen
	differs string // how it differs from the wanted outcome, empty if it does not
}

// seen has the observations of a scene.
type seen struct {
	served bool
	probes map[string]string
	calls  []logged // that the kernel has recorded
	lost   bool     // the kernel has dropped records
	result testbed.Result
	left   []string // what is left on the host
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
	lines, err := s.audit.take()
	observed.calls, observed.lost = ofContainer(lines, id)
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
