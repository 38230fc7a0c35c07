package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// privateEnv tells the child of runPrivately what it is.
const privateEnv = "SECCOMP_SHIM_CONFORMANCE_PRIVATE"

func isPrivate() bool { return os.Getenv(privateEnv) != "" }

// runPrivately runs this program once more, with namespaces of its own, and reads
// the suite's results from its output, which goes to a log too. What is still
// there in the end dies with the first process.
func runPrivately(s settings, logPath string) (*result, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// A parent's death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A shim that lives on holds containerd's output, for whose end the suite waits.
	const shutdown = 20 * time.Second
	result := &result{progress: os.Stderr, ended: func() { time.AfterFunc(shutdown, stop) }}
	// A shell is the first process: it reaps what others leave. The suite takes a
	// shim that nobody has waited for as one that lives.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `"$0" "$@"; exit $?`, self}, os.Args[1:]...)...)
	cmd.Env = append(os.Environ(), privateEnv+"=1")
	cmd.Stdout = io.MultiWriter(log, result)
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // a Ctrl-C comes once, from here
	}
	before := cgroups()
	runErr := cmd.Run() // whether tests failed is read from the output
	err = removeCgroups(before)
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
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"conformance", "/run", "tmpfs", 0, "mode=755"},
		{"conformance", "/var/lib", "tmpfs", 0, "mode=755"},
		{hosts, "/etc/hosts", "", unix.MS_BIND, ""},
		// containerd makes a folder there, beside what the machine may need.
		{"conformance", "/opt", "overlay", 0, "lowerdir=/opt,upperdir=" + overlay + "/upper,workdir=" + overlay + "/work"},
	} {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
		if m.target != "/run" {
			continue
		}
		names := "127.0.0.1 localhost " + strings.Join(registries, " ") + "\n"
		if err := errors.Join(os.WriteFile(hosts, []byte(names), 0o644),
			os.MkdirAll(overlay+"/upper", 0o755), os.MkdirAll(overlay+"/work", 0o755)); err != nil {
			return err
		}
	}
	return nil
}
