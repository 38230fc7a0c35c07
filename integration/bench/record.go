package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// The ways in which the calls of a container are recorded.
var (
	whileRecorded = &peer{name: "recording", runtime: shimRuntime, handler: `observe = "record"`}
	// beside is a container that is not recorded, while another one is.
	beside = &peer{name: "beside a recording", runtime: shimRuntime}
	// traced is a container in which strace(1) counts the calls.
	traced = &peer{name: "strace -f -c", runtime: shimRuntime}
)

// A work is what a container does while it is recorded.
type work struct {
	metric metric
	args   []string
}

const (
	sourceFile = fifoFolder + "/source.c"
	source     = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) { return puts(\"hello\") < 0; }\n"
)

var works = []work{
	{metricServe, []string{programPath, "serve", "2000"}},
	{metricFind, []string{"/usr/bin/find", "/usr/share", "/usr/include", "-name", "no such name"}},
	{metricCompile, []string{"/usr/bin/gcc", "-O2", "-o", "/tmp/program", sourceFile}},
}

// recorded are the subjects whose work is timed. strace is left out if the machine lacks it.
func (l *lab) recorded() []subject {
	peers := []*peer{l.peers[0], whileRecorded, beside}
	if _, err := exec.LookPath("strace"); err == nil {
		peers = append(peers, traced)
	}
	var all []subject
	for _, p := range peers {
		all = append(all, subject{p, noProfile})
	}
	return all
}

// measureRecords times what programs do, recorded and not. Each pod lives only for its own
// measurement: while a container is recorded, all calls of the machine are slower.
func (l *lab) measureRecords(ctx context.Context, rounds int, into samples) error {
	if err := os.WriteFile(filepath.Join(l.fifoDir(), filepath.Base(sourceFile)), []byte(source), 0o644); err != nil {
		return err
	}
	all := l.recorded()
	for round := -1; round < rounds; round++ {
		progress("record", round, rounds)
		for _, s := range l.shuffled(all) {
			times, err := l.timeWorks(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			for i, took := range times {
				if round >= 0 {
					into.add(works[i].metric, s, took)
				}
			}
		}
	}
	return nil
}

// timeWorks returns the milliseconds of each work in a new pod of the subject.
func (l *lab) timeWorks(ctx context.Context, s subject) (times []float64, err error) {
	if s.peer == beside {
		other, err := l.newPod(ctx, subject{whileRecorded, noProfile})
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, other.close()) }()
	}
	p, err := l.newPod(ctx, s, withHostPrograms)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	for _, w := range works {
		args := w.args
		if s.peer == traced {
			args = append([]string{"/usr/bin/strace", "-f", "-c", "-o", "/dev/null"}, args...)
		}
		p.execs++
		took, err := p.run(ctx, fmt.Sprintf("e%d", p.execs), args)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.metric.Name, err)
		}
		times = append(times, took)
	}
	return times, nil
}

// withHostPrograms gives a container the machine's programs, for reading.
func withHostPrograms(ctx context.Context, client oci.Client, c *containers.Container, spec *oci.Spec) error {
	mounts := []specs.Mount{{Type: "tmpfs", Source: "tmpfs", Destination: "/tmp", Options: []string{"mode=1777"}}}
	for destination, from := range map[string]string{"/usr": "/usr", "/bin": "/usr/bin", "/lib": "/usr/lib", "/lib64": "/usr/lib64"} {
		if _, err := os.Stat(from); err == nil {
			mounts = append(mounts, specs.Mount{Type: "bind", Source: from, Destination: destination, Options: []string{"rbind", "ro"}})
		}
	}
	return oci.Compose(oci.WithMounts(mounts), oci.WithEnv([]string{"PATH=/usr/bin"}))(ctx, client, c, spec)
}
