package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// result is the result of a run, as -o json prints it.
type result struct {
	Machine  machine       `json:"machine"`
	Settings settings      `json:"settings"`
	Figures  []figure      `json:"figures"`
	Ratios   []comparison  `json:"ratios"`
	Compile  *compilations `json:"compile,omitempty"`
}

// figure is the value of a metric under one runtime.
type figure struct {
	Metric  metric  `json:"metric"`
	Runtime string  `json:"runtime"`
	Profile string  `json:"profile"`
	Value   summary `json:"value"`
}

// comparison is one series divided by another.
type comparison struct {
	Metric string `json:"metric"`
	Of     string `json:"of"`
	To     string `json:"to"`
	interval
}

// measure fills in the result.
func (l *lab) measure(ctx context.Context, s settings, into *result) (err error) {
	found := samples{}
	measured := map[string]func() error{
		"compile": func() (err error) {
			into.Compile, err = measureCompile(ctx, s.Compiles, filepath.Join(l.node.Dir(), "programs"))
			return err
		},
		"life":   func() error { return l.measureLives(ctx, s.Creates, found) },
		"exec":   func() error { return l.measureExecs(ctx, s.Execs, found) },
		"calls":  func() error { return l.measureCalls(ctx, s.Calls, found) },
		"record": func() error { return l.measureRecords(ctx, s.Records, found) },
		"probes": func() error { return l.measureProbes(ctx, s.Windows, found) },
		"pods":   func() error { return l.measureBursts(ctx, s.Bursts, s.Pods, found) },
		"memory": func() error { return l.measureMemory(ctx, s, found) },
	}
	for _, part := range parts {
		if !slices.Contains(s.Parts, part) {
			continue
		}
		if err := measured[part](); err != nil {
			return err
		}
	}
	for _, m := range metrics {
		for _, of := range append(subjects(l.peers), subject{l.peers[0], coldCache}, subject{shared, defaultProfile}, subject{observed, defaultProfile},
			subject{floored, noProfile}, subject{floored, defaultProfile}, subject{whileRecorded, noProfile}, subject{beside, noProfile}, subject{traced, noProfile}) {
			if values := found[m][of]; values != nil {
				into.Figures = append(into.Figures, figure{m, of.peer.name, of.profile, summarize(values)})
			}
		}
		if m != metricGrowth && m != metricStormMemory { // it can be zero, and a ratio needs a divisor
			into.Ratios = append(into.Ratios, compare(m, found[m], l.peers)...)
		}
	}
	return nil
}

// compare divides our values of a metric by those of the other peers, and each peer's values
// with the default profile by its values without.
func compare(m metric, of map[subject][]float64, peers []*peer) []comparison {
	var all []comparison
	divide := func(a, b subject) {
		// The shim for the node may take no memory at all for a further pod.
		if of[a] != nil && of[b] != nil && !slices.Contains(of[b], 0) {
			all = append(all, comparison{m.Name, a.String(), b.String(), ratio(of[a], of[b])})
		}
	}
	own := peers[0]
	for _, profile := range []string{defaultProfile, noProfile} {
		for _, p := range peers[1:] {
			divide(subject{own, profile}, subject{p, profile})
		}
	}
	for _, p := range peers {
		divide(subject{shared, defaultProfile}, subject{p, defaultProfile})
	}
	divide(subject{observed, defaultProfile}, subject{own, defaultProfile})
	divide(subject{floored, defaultProfile}, subject{own, defaultProfile})
	divide(subject{floored, noProfile}, subject{own, noProfile})
	for _, p := range []*peer{whileRecorded, beside, traced} {
		divide(subject{p, noProfile}, subject{own, noProfile})
	}
	divide(subject{own, coldCache}, subject{own, noProfile})
	for _, p := range peers {
		divide(subject{p, defaultProfile}, subject{p, noProfile})
	}
	return all
}

func writeJSON(w io.Writer, r *result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// progress reports the progress on stderr, about four times for each part.
func progress(part string, round, rounds int) {
	if step := max(1, rounds/4); round > 0 && round%step == 0 {
		fmt.Fprintf(os.Stderr, "bench: %s: %d of %d rounds\n", part, round, rounds)
	}
}
