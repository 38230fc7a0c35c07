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

// runPrivately runs this program once more, with namespaces of its own, and reads
// the suite's results from its output, which goes to a log too. What is still
// there in the end dies with the first process.
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
	// A shim that lives on holds containerd's output, for whose end the suite waits.
	const shutdown = 20 * time.Second
	result := &result{progress: os.Stderr, ended: func() { time.AfterFunc(shutdown, stop) }}
	// The suite takes a shim that nobody has waited for as one that lives.
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
	runErr := cmd.Run() // whether tests failed is read from the output
	err = cgroups.Remove()
	if ctx.Err() != nil {
		return result, errors.Join(fmt.Errorf("stopped before the suite ended by itself: %w", context.Cause(ctx)), err)
	}
	if runErr != nil && result.failed == nil {
		err = errors.Join(fmt.Errorf("the suite did not run to its end: %w", runErr), err)
	}
	return result, err
}

// mountPrivately gives this process, and all that it starts, folders of its own
// where the suite and containerd keep their state, and its own names of hosts.
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
		// containerd makes a folder there, beside what the machine may need.
		testbed.Mount{Source: "conformance", Target: "/opt", Kind: "overlay",
			Data: "lowerdir=/opt,upperdir=" + overlay + "/upper,workdir=" + overlay + "/work"},
	)
}
