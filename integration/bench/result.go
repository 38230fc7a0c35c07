package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// result is all that a run has found, as -o json prints it.
type result struct {
	Machine  machine      `json:"machine"`
	Settings settingsUsed `json:"settings"`
	Times    []timing     `json:"times"`
	Ratios   []comparison `json:"ratios"`
	Compile  compiling    `json:"compile"`
	Memory   []memory     `json:"memory"`
}

type settingsUsed struct {
	Creates  int    `json:"createRounds"`
	Execs    int    `json:"execRounds"`
	Compiles int    `json:"compileRounds"`
	Seed     uint64 `json:"seed"`
}

func describeSettings(s settings) settingsUsed {
	return settingsUsed{s.creates, s.execs, s.compiles, s.seed}
}

// timing is how long something takes under one runtime, in milliseconds.
type timing struct {
	Metric  string  `json:"metric"`
	Runtime string  `json:"runtime"`
	Profile string  `json:"profile"`
	Ms      summary `json:"ms"`
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
	if into.Compile, err = measureCompile(ctx, s.compiles, filepath.Join(l.node.Dir(), "programs")); err != nil {
		return err
	}
	found := newSamples()
	if err := l.measureLives(ctx, s.creates, found); err != nil {
		return err
	}
	if into.Memory, err = l.measureExecs(ctx, s.execs, found); err != nil {
		return err
	}
	for _, metric := range []string{metricStart, metricLife, metricExec} {
		for _, of := range subjects(l.peers, metric != metricExec) {
			into.Times = append(into.Times, timing{metric, of.peer.name, of.profile, summarize(found.of[metric][of])})
		}
		into.Ratios = append(into.Ratios, compare(metric, found.of[metric], l.peers)...)
	}
	return nil
}

// compare divides what containers take with the default profile by the same
// without, and what they take here by the same under others.
func compare(metric string, of map[subject][]float64, peers []*peer) []comparison {
	var all []comparison
	divide := func(a, b subject) {
		if of[a] != nil && of[b] != nil {
			all = append(all, comparison{metric, a.String(), b.String(), ratio(of[a], of[b])})
		}
	}
	for _, p := range peers {
		divide(subject{p, defaultProfile}, subject{p, noProfile})
	}
	own := peers[0]
	divide(subject{own, coldCache}, subject{own, noProfile})
	for _, profile := range []string{noProfile, defaultProfile} {
		for _, p := range peers[1:] {
			divide(subject{own, profile}, subject{p, profile})
		}
	}
	return all
}

func (s subject) String() string { return fmt.Sprintf("%s (%s)", s.peer.name, s.profile) }

func writeJSON(w io.Writer, r *result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// progress tells a person how far the benchmark is.
func progress(what string, round, rounds int) {
	if step := max(1, rounds/4); round > 0 && round%step == 0 {
		fmt.Fprintf(os.Stderr, "bench: %s: %d of %d rounds\n", what, round, rounds)
	}
}
