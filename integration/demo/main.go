// Demo plays the Kubernetes tutorial "Restrict a Container's Syscalls with
// Seccomp" on a private containerd, and compares the results with those that the
// tutorial shows.
//
// It plays each scene twice: with the profile in the container's OCI spec, as
// `ctr run --seccomp` and Kubernetes put it there, and with the profile named
// by an annotation, which the shim resolves.
//
// Exit status: 0 if all went as expected, 1 if not, 2 for wrong usage, 130
// after Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"seccomp-shim/integration/testbed"
)

const (
	exitDiffers     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errDiffers says that a scene did not have the expected outcome.
var errDiffers = errors.New("not all went as expected")

type settings struct {
	bin      string
	profiles string
	runtime  string
	verbose  bool
}

func main() {
	s, err := parseFlags(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(exitUsage) // the flag package has printed the error
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	// The signals stay caught until the end: make and sudo may both forward a Ctrl-C, and
	// the second signal must not interrupt the clean-up.
	err = run(ctx, s)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: interrupted")
		os.Exit(exitInterrupted)
	case err != nil:
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(exitDiffers)
	}
}

func parseFlags(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&s.bin, "bin", testbed.BinDir(), "`folder` with containerd, ctr, containerd-shim-seccomp-v1, seccompctl and http-echo")
	flags.StringVar(&s.profiles, "profiles", filepath.Join(testbed.ModuleRoot(), "integration/testdata/profiles"), "`folder` with the tutorial's profiles")
	flags.StringVar(&s.runtime, "runtime", "io.containerd.seccomp.v1", "containerd runtime `name`; try io.containerd.runc.v2 to compare")
	flags.BoolVar(&s.verbose, "v", false, "show commands and containerd's log")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		fmt.Fprintln(flags.Output(), err)
		flags.Usage()
		return s, err
	}
	return s, nil
}

// run plays all scenes and prints the report. It also fails if the clean-up fails, because
// a container must leave nothing on the host.
func run(ctx context.Context, s settings) (err error) {
	if why := testbed.Unavailable(s.bin, "containerd", "ctr", "http-echo", "seccompctl", testbed.ShimBinary(s.runtime)); why != "" {
		return errors.New(why)
	}
	begin := time.Now()
	var log io.Writer
	if s.verbose {
		log = os.Stderr
	}
	fmt.Println("Starting a private containerd ...")
	node, err := testbed.Start(ctx, testbed.Options{Bin: s.bin, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := node.Stop(); stopErr != nil {
			fmt.Fprintf(os.Stderr, "demo: clean up: %v\n", stopErr)
			err = errDiffers
		}
	}()
	stage, err := newStage(ctx, node, s)
	if err != nil {
		return err
	}
	defer stage.close()

	var acts []act
	for _, sc := range tutorial(s.profiles) {
		for _, way := range sc.ways {
			a, err := stage.play(ctx, sc, way)
			if err != nil {
				return err
			}
			acts = append(acts, a)
		}
	}
	report(os.Stdout, acts)
	fmt.Printf("\nPlayed in %.1f seconds.\n", time.Since(begin).Seconds())
	for _, a := range acts {
		if a.differs != "" {
			return errDiffers
		}
	}
	return nil
}
