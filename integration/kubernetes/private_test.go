package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// privateEnv tells the child of runPrivately what it is.
const privateEnv = "SECCOMP_SHIM_KUBERNETES_PRIVATE"

const exitInterrupted = 130

// nodeAddress is the node's, of a range for documentation. No packet leaves.
const nodeAddress = "192.0.2.10"

func isPrivate() bool { return os.Getenv(privateEnv) != "" }

// runPrivately runs this program once more, with namespaces of its own: the kubelet
// and containerd have their usual paths there, and all that still runs, is mounted
// or has an address in the end goes with them. Only cgroups are the host's.
func runPrivately() int {
	// A parent's death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A shell is the first process: it reaps what others leave.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `"$0" "$@"; exit $?`, self}, os.Args[1:]...)...)
	cmd.Env = append(os.Environ(), privateEnv+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // a Ctrl-C comes once, from here
	}
	before, err := lookAtHost()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = cmd.Run()
	left := before.compare()
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "interrupted") // and what was left is removed
		return exitInterrupted
	}
	if err = errors.Join(err, left); err != nil {
		fmt.Fprintf(os.Stderr, "in namespaces of their own: %v\n", err)
		return 1
	}
	return 0
}

// makePrivate gives this process, and all that it starts, folders of its own where
// the kubelet and containerd keep their state, and the node's address.
func makePrivate() error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"e2e", "/run", "tmpfs", 0, "mode=755"},
		{"e2e", "/var/lib", "tmpfs", 0, "mode=755"},
		{"e2e", "/var/log", "tmpfs", 0, "mode=755"},
	} {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	if err := hideKernelFlags(); err != nil {
		return err
	}
	// The kubelet wants to share mounts with containers.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts: %w", err)
	}
	if err := os.Setenv("TMPDIR", "/run"); err != nil { // sockets are in it: the name must be short
		return err
	}
	return raiseLoopback()
}

// hideKernelFlags puts files in the place of what the kubelet sets for the whole
// machine.
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

// raiseLoopback switches the one interface on, and gives it the node's address.
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
