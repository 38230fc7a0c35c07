// Bench measures what containers, their execs and their shims cost under this
// shim, and beside it under containerd's runc shim with runc and with crun.
//
// All are measured in one run, on one private containerd, in turns: each round
// does everything once, in random order. What else happens on the machine thus
// hits all alike, and ratios can be trusted where milliseconds cannot. It is
// no test: it judges nothing and fails only if something cannot be measured.
//
// Each part is a file of this package:
//
//	life     create+start until the program runs, kill, delete; a further
//	         container of a pod that runs
//	exec     one until its exit is known, and ten at once
//	probes   the machine's processor share while each pod has an exec a second
//	pods     many pods at once: time, processor time, memory
//	memory   of idle shims: for each further pod, and after many execs
//	compile  the default profile, without containers
//
// The containerd client's own work to prepare (snapshot, spec) is left out.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/compile"
)

func main() {
	compile.Helper()
	s, err := parseSettings(os.Args[1:])
	if errors.Is(err, errHelp) {
		return
	}
	if err != nil {
		os.Exit(exitUsage) // parseSettings has printed why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if !testbed.IsPrivate() {
		// The signals reach the child too; what remains is to wait for it.
		os.Exit(runPrivately())
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(exitFailed)
	}
}

// run measures and prints the result to stdout; progress goes to stderr.
func run(ctx context.Context, s settings) (err error) {
	earlier, err := readEarlier(s.compare)
	if err != nil {
		return err
	}
	if why := testbed.Unavailable(s.bin, "containerd", "ctr", testbed.ShimBinary(shimRuntime)); why != "" {
		return errors.New(why)
	}
	peers, err := findPeers(s)
	if err != nil {
		return err
	}
	result := &result{Machine: describeMachine(s, peers), Settings: s}
	lab, err := openLab(ctx, s, peers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.close()) }()
	if err := lab.measure(ctx, s, result); err != nil {
		return err
	}
	if s.output == "json" {
		return writeJSON(os.Stdout, result)
	}
	writeTable(os.Stdout, result)
	if earlier != nil {
		writeComparison(os.Stdout, earlier, result)
	}
	return nil
}
