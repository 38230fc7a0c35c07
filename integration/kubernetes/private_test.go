package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

const exitInterrupted = 130

// nodeAddress is the node's address, of a range for documentation. No packet leaves the
// machine.
const nodeAddress = "192.0.2.10"

// runPrivately runs this program again in new namespaces. The kubelet and containerd
// use their default paths there, and all processes, mounts and addresses end with the
// namespaces. Only cgroups are the host's.
func runPrivately() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd, err := testbed.Again(ctx, syscall.CLONE_NEWNS|syscall.CLONE_NEWPID|syscall.CLONE_NEWNET|syscall.CLONE_NEWIPC)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	before, err := lookAtHost()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = cmd.Run()
	left := before.compare()
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "interrupted") // the parent removes what is left
		return exitInterrupted
	}
	if err = errors.Join(err, left); err != nil {
		fmt.Fprintf(os.Stderr, "in namespaces of their own: %v\n", err)
		return 1
	}
	return 0
}

// makePrivate gives this process and its children private folders for the state of the
// kubelet and containerd, and the node's address.
func makePrivate() error {
	if err := testbed.MountPrivately(testbed.Proc(), testbed.Tmpfs("/run"), testbed.Tmpfs("/var/lib"), testbed.Tmpfs("/var/log")); err != nil {
		return err
	}
	if err := hideKernelFlags(); err != nil {
		return err
	}
	// The kubelet shares mounts with containers, so they must be shared.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts: %w", err)
	}
	if err := os.Setenv("TMPDIR", "/run"); err != nil { // sockets are in it, so the name must be short
		return err
	}
	return raiseLoopback()
}

// hideKernelFlags replaces the kernel's settings that the kubelet writes by files,
// because they are those of the whole machine.
func hideKernelFlags() error {
	const copies = "/run/flags"
	if err := os.Mkdir(copies, 0o755); err != nil {
		return err
	}
	for _, flag := range kernelFlags {
		value, err := os.ReadFile(flag)
		if err != nil {
			return err
		}
		file := filepath.Join(copies, filepath.Base(flag))
		if err := os.WriteFile(file, value, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(file, flag, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s: %w", flag, err)
		}
	}
	return nil
}

// raiseLoopback switches the loopback interface on, and gives it the node's address.
func raiseLoopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find loopback: %w", err)
	}
	address, err := netlink.ParseAddr(nodeAddress + "/32")
	if err != nil {
		return err
	}
	return errors.Join(netlink.LinkSetUp(lo), netlink.AddrAdd(lo, address))
}
