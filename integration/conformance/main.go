// Conformance runs containerd's own client suite, integration/client of the version in
// go.mod, with a runtime: ours, or another to compare with.
//
// No test is changed. The suite needs images of ghcr.io and registry.k8s.io. It gets
// images with the same names, made from busybox, from a registry that serves under
// these host names. The suite starts containerd with its own choice of paths, so all of
// it runs in new namespaces: network; mounts, with a /run and a /var/lib in memory;
// processes, which all end with the first one; and cgroups, below a new one of the host
// that is removed at the end.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"seccomp-shim/integration/testbed"
)

const ourRuntime = "io.containerd.seccomp.v1"

type settings struct {
	runtime    string
	path       string // folders that are put in front of PATH
	containerd string // the folder of containerd's sources
	work       string
	run, skip  string
	criu       bool
	timeout    time.Duration
}

func main() {
	s := settings{}
	flag.StringVar(&s.runtime, "runtime", ourRuntime, "containerd's `name` of the runtime")
	flag.StringVar(&s.path, "path", testbed.BinDir(), "`folders` with containerd and what the runtime needs, as in PATH")
	flag.StringVar(&s.containerd, "containerd", "", "`folder` with containerd's sources")
	flag.StringVar(&s.work, "work", "build/conformance", "`folder` for the suite's binary and the logs")
	flag.StringVar(&s.run, "run", "", "run only tests that match this `regexp`")
	flag.StringVar(&s.skip, "skip", "", "leave these tests out besides, a `regexp`")
	flag.BoolVar(&s.criu, "criu", false, "run the checkpoint tests, with the criu and iptables-restore in PATH")
	flag.DurationVar(&s.timeout, "timeout", 20*time.Minute, "`time` after which all is killed")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
		os.Exit(1)
	}
}

func run(s settings) (err error) {
	if s.work, err = filepath.Abs(s.work); err != nil {
		return err
	}
	if testbed.IsPrivate() {
		return runSuite(s)
	}
	if os.Geteuid() != 0 {
		return errors.New("needs root: containerd mounts file systems and makes cgroups")
	}
	images, err := suiteImages()
	if err != nil {
		return err
	}
	if err := buildSuite(s, images); err != nil {
		return err
	}
	log := filepath.Join(s.work, s.runtime+".log")
	result, err := runPrivately(s, log)
	fmt.Printf("%s, log in %s\n", s.runtime, log)
	if result != nil {
		result.write(os.Stdout)
	}
	if err != nil {
		return err
	}
	if s.runtime == ourRuntime {
		writeLeftOut(os.Stdout)
	}
	return result.verdict()
}
