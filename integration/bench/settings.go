package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"seccomp-shim/integration/testbed"
)

// settings say which parts are measured, and how often. The exported fields are part of the
// result.
type settings struct {
	bin, peers, output, compare string
	unified                     bool // cgroup v2, in this run's own mount namespace; the machine's description says so

	Parts    []string      `json:"parts"`
	Creates  int           `json:"createRounds"`
	Execs    int           `json:"execRounds"`
	Compiles int           `json:"compileRounds"`
	Calls    int           `json:"callRounds"`
	Records  int           `json:"recordRounds"`
	Pods     int           `json:"pods"`       // that start at once, and that exist when memory is measured
	Bursts   int           `json:"podsRounds"` // rounds of starting all pods at once
	Windows  int           `json:"probeWindows"`
	Churn    int           `json:"churn"` // execs between two measurements of memory
	Settle   time.Duration `json:"settleNs"`
	Seed     uint64        `json:"seed"`
}

const (
	exitFailed = 1
	exitUsage  = 2
)

var errHelp = flag.ErrHelp

// parts are the parts of a run, in their order. Each can be measured alone.
var parts = []string{"compile", "life", "exec", "calls", "record", "probes", "pods", "memory"}

func parseSettings(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.bin, "bin", testbed.BinDir(), "`folder` with containerd, ctr and containerd-shim-seccomp-v1")
	flags.StringVar(&s.peers, "peers", "build/bench", "`folder` with containerd-shim-runc-v2, runc, crun, and the program that runs in the containers")
	flags.StringVar(&s.output, "o", "table", "`format` of the result: table or json")
	flags.StringVar(&s.compare, "compare", "", "`file` of an earlier run's -o json, whose ratios are printed beside the new ones")
	flags.BoolVar(&s.unified, "unified", false, "measure on cgroup v2, which a host of v1 then has at /sys/fs/cgroup for this run alone, without controllers")
	only := flags.String("parts", strings.Join(parts, ","), "`list` of the parts to measure")
	flags.IntVar(&s.Creates, "creates", 150, "`rounds` of create, start, kill and delete")
	flags.IntVar(&s.Execs, "execs", 300, "`rounds` of exec; ten execs at once have a tenth as many rounds")
	flags.IntVar(&s.Compiles, "compiles", 30, "`rounds` of compiling the default profile")
	flags.IntVar(&s.Calls, "calls", 30, "`rounds` of a thousand refused and allowed system calls")
	flags.IntVar(&s.Records, "records", 10, "`rounds` of what programs do while they are recorded")
	flags.IntVar(&s.Pods, "pods", 40, "`number` of pods that start at once, and that exist when memory is measured")
	flags.IntVar(&s.Bursts, "bursts", 7, "`rounds` of starting all pods at once")
	flags.IntVar(&s.Windows, "windows", 4, "`rounds` of probes, ten seconds each")
	flags.IntVar(&s.Churn, "churn", 1000, "`number` of execs after which memory is measured again")
	flags.DurationVar(&s.Settle, "settle", 30*time.Second, "`time` without work before memory is measured")
	flags.Uint64Var(&s.Seed, "seed", 1, "`number` that seeds the random order of each round")
	err := flags.Parse(args)
	s.Parts = strings.Split(*only, ",")
	if err == nil {
		err = s.check(flags.Args())
		if err != nil {
			fmt.Fprintln(flags.Output(), err)
			flags.Usage()
		}
	}
	return s, err
}

func (s *settings) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	if s.output != "table" && s.output != "json" {
		return fmt.Errorf("-o %q: want table or json", s.output)
	}
	for _, part := range s.Parts {
		if !slices.Contains(parts, part) {
			return fmt.Errorf("-parts %q: want some of %s", part, strings.Join(parts, ","))
		}
	}
	if min(s.Creates, s.Execs, s.Compiles, s.Calls, s.Records, s.Bursts, s.Windows, s.Churn) < 1 {
		return errors.New("rounds: want at least one")
	}
	if s.Pods < 2 {
		return fmt.Errorf("-pods %d: want at least two", s.Pods)
	}
	return nil
}
