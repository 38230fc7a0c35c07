// Bench measures the cost of containers, execs and shims with this shim, and with containerd's
// runc shim that calls runc or crun.
//
// One run measures all of them in turns on one private containerd: each round does everything
// once, in random order. So other work on the machine slows all of them down equally, and the
// ratios are reliable even if the milliseconds are not. Bench is no test: it has no limits, and
// fails only if it cannot measure something.
//
// Each part is a file of this package:
//
//	life     create+start until the program runs, kill, delete; a further
//	         container in a pod that runs
//	exec     one exec until the client has its exit status, and ten at once
//	record   what programs do: not recorded, recorded, beside a recorded container,
//	         and under strace -f -c
//	probes   the machine's processor share while each pod has an exec a second
//	pods     many pods at once: time, processor time, memory
//	memory   of idle shims: for each further pod, and after many execs
//	compile  the default profile, without containers
//
// The times leave out what containerd's client does before (snapshot, spec).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/libseccomp"
)

func main() {
	libseccomp.Helper()
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
		// runPrivately forwards the signals to the child, and waits for it.
		os.Exit(runPrivately())
	}
	if err := run(ctx, s); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(exitFailed)
	}
}

// run measures, and prints the result to stdout. It prints its progress to stderr.
func run(ctx context.Context, s settings) (err error) {
	earlier, err := readEarlier(s.compare)
	if err != nil {
		return err
	}
	if why := testbed.Unavailable(s.bin, "containerd", "ctr", testbed.ShimBinary(shimRuntime)); why != "" {
		return errors.New(why)
	}
	if err := mountPrivately(s.unified); err != nil {
		return err
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
