package shim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	containerd "github.com/containerd/containerd/v2/pkg/shim"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/shim/bootstrap"
	"seccomp-shim/shim/descriptors"
	"seccomp-shim/shim/options"
	"seccomp-shim/version"
)

// Run is the shim binary's main: by its arguments it becomes a shim, finds
// one, or cleans up after one (containerd's core/runtime/v2/README.md).
func Run(ctx context.Context) {
	if err := descriptors.CloseOnExec(); err != nil {
		fail(err)
	}
	args := bootstrap.ParseArguments(os.Args[1:])
	var err error
	switch args.Role() {
	case bootstrap.Version:
		err = version.Write(os.Stdout, filepath.Base(os.Args[0]), libseccomp.Version())
	case bootstrap.Start:
		err = startAndServe(ctx, args)
	case bootstrap.RunShim:
		containerd.RunShim(ctx, bootstrap.Manager{}, withoutReaper)
	}
	if err != nil {
		fail(err)
	}
}

// startAndServe answers a start, and serves unless the group has a shim.
func startAndServe(ctx context.Context, args *bootstrap.Arguments) error {
	holdLog(ctx)
	socket, err := args.Start(ctx, os.Stdin)
	if err != nil || socket == nil {
		return err
	}
	return serve(ctx, socket, args.Debug)
}

// withoutReaper keeps RunShim from reaping children: each process has a waiter of its
// own, see package container.
func withoutReaper(c *containerd.Config) {
	c.NoReaper = true
	c.NoSubreaper = true
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "%s: %s", options.Runtime, mistake.Line(err.Error()))
	os.Exit(1)
}
