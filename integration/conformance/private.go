package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// runPrivately runs this program again in new namespaces, and reads the suite's results
// from its output, which it also writes to a log. All that remains at the end dies with
// the first process.
func runPrivately(s settings, logPath string) (*result, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A shim that lives on keeps containerd's output open, and the suite waits for the
	// end of that output.
	const shutdown = 20 * time.Second
	result := &result{progress: os.Stderr, ended: func() { time.AfterFunc(shutdown, stop) }}
	// A zombie shim counts as a living one for the suite, so the first process must
	// reap.
	cmd, err := testbed.Again(ctx, syscall.CLONE_NEWNS|syscall.CLONE_NEWPID|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC)
	if err != nil {
		return nil, err
	}
	cmd.Stdout = io.MultiWriter(log, result)
	cmd.Stderr = cmd.Stdout
	cgroups, err := testbed.NewOwnCgroups("conformance")
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, cgroups.Env())
	runErr := cmd.Run() // the output says whether tests failed
	err = cgroups.Remove()
	if ctx.Err() != nil {
		return result, errors.Join(fmt.Errorf("stopped before the suite ended by itself: %w", context.Cause(ctx)), err)
	}
	if runErr != nil && result.failed == nil {
		err = errors.Join(fmt.Errorf("the suite did not run to its end: %w", runErr), err)
	}
	return result, err
}

// mountPrivately gives this process and its children private folders for the state of
// the suite and containerd, and private names of hosts.
func mountPrivately() error {
	const hosts, overlay = "/run/hosts", "/run/opt"
	if err := testbed.MountPrivately(testbed.Proc(), testbed.Tmpfs("/run"), testbed.Tmpfs("/var/lib")); err != nil {
		return err
	}
	names := "127.0.0.1 localhost " + strings.Join(registries, " ") + "\n"
	if err := errors.Join(os.WriteFile(hosts, []byte(names), 0o644),
		os.MkdirAll(overlay+"/upper", 0o755), os.MkdirAll(overlay+"/work", 0o755)); err != nil {
		return err
	}
	return testbed.MountPrivately(
		testbed.Mount{Source: hosts, Target: "/etc/hosts", Flags: unix.MS_BIND},
		// containerd makes a folder there, beside those that the machine may need.
		testbed.Mount{Source: "conformance", Target: "/opt", Kind: "overlay",
			Data: "lowerdir=/opt,upperdir=" + overlay + "/upper,workdir=" + overlay + "/work"},
	)
}
