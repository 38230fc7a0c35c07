// Bench measures what containers and their seccomp profiles cost under this
// shim, and beside it under containerd's runc shim with runc and with crun.
//
// All are measured in one run, on one private containerd, in turns: each round
// does everything once, in random order. What else happens on the machine thus
// hits all alike, and ratios can be trusted where milliseconds cannot. It is
// no test: it judges nothing and fails only if something cannot be measured.
//
//	create+start    NewTask, Start, until the program says that it runs
//	create..delete  the same, then kill, wait and delete
//	exec            Exec, Start, until the exit of a program that ends at once
//
// The containerd client's own work to prepare (snapshot, spec) is left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/compile"
)

type settings struct {
	bin, peers, output       string
	creates, execs, compiles int
	seed                     uint64
}

const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	compile.Helper()
	s, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(exitUsage) // the flag package has told why
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

func parseFlags(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.bin, "bin", testbed.BinDir(), "`folder` with containerd, ctr and containerd-shim-seccomp-v1")
	flags.StringVar(&s.peers, "peers", "build/bench", "`folder` with containerd-shim-runc-v2, runc, crun, and the program of the containers")
	flags.StringVar(&s.output, "o", "table", "`format` of the result: table or json")
	flags.IntVar(&s.creates, "creates", 150, "`rounds` of create, start and delete")
	flags.IntVar(&s.execs, "execs", 400, "`rounds` of exec")
	flags.IntVar(&s.compiles, "compiles", 30, "`rounds` of compiling the default profile")
	flags.Uint64Var(&s.seed, "seed", 1, "`number` that the random order of each round follows")
	err := flags.Parse(args)
	switch {
	case err != nil:
		return s, err
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case s.output != "table" && s.output != "json":
		err = fmt.Errorf("-o %q: want table or json", s.output)
	case s.creates < 1 || s.execs < 1 || s.compiles < 1:
		err = errors.New("rounds: want at least one")
	}
	if err != nil {
		fmt.Fprintln(flags.Output(), err)
		flags.Usage()
	}
	return s, err
}

// run measures and prints the result to stdout; how far it is goes to stderr.
func run(ctx context.Context, s settings) (err error) {
	if why := testbed.Unavailable(s.bin, "containerd", "ctr", testbed.ShimBinary(shimRuntime)); why != "" {
		return errors.New(why)
	}
	peers, err := findPeers(s)
	if err != nil {
		return err
	}
	result := &result{Machine: describeMachine(s, peers), Settings: describeSettings(s)}
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
	return nil
}
