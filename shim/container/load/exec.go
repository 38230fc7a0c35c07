package load

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exec loads the filter that the shim has ordered and replaces the process by
// the program at path. It must be called on the process's first thread, and
// returns only if it fails. The shim then has the error, or, if the filter was in
// force already, the process has ended.
func Exec(path string, args, env []string) error {
	err := replace(path, args, env)
	report(err)
	return err
}

// report tells the shim. If it cannot be told, nothing is left to do about it.
func report(err error) {
	_, _ = unix.Write(FD, append([]byte{messageFailed}, err.Error()...))
}

func replace(path string, args, env []string) error {
	order, err := receiveOrder()
	if err != nil {
		return err
	}
	call, err := newExecve(path, args, env)
	if err != nil {
		return fmt.Errorf("exec %s: %w", path, err)
	}
	if len(order.Program) == 0 {
		if _, err := unix.Write(FD, []byte{messageReady}); err != nil {
			return fmt.Errorf("tell the shim: %w", err)
		}
		return fmt.Errorf("exec %s: %w", path, syscall.Exec(path, args, env))
	}
	if err := allowLoad(); err != nil {
		return fmt.Errorf("load seccomp filter: %w", err)
	}
	debug.SetGCPercent(-1) // a collection would wait for this thread, which no longer yields
	filter := newFilter(order)
	var courier *courier
	if order.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 {
		courier = startCourier()
	}
	if _, err := unix.Write(FD, []byte{messageReady}); err != nil {
		return fmt.Errorf("tell the shim: %w", err)
	}
	restoreFileLimit()
	resetHandlers()
	errno := filter.loadAndExecve(call, courier)
	runtime.KeepAlive(order)
	return fmt.Errorf("load seccomp filter: %w", errno)
}

func receiveOrder() (Order, error) {
	raw := make([]byte, maxOrder)
	n, err := unix.Read(FD, raw)
	if err != nil {
		return Order{}, fmt.Errorf("receive the order: %w", os.NewSyscallError("read", err))
	}
	return decodeOrder(raw[:n])
}

// allowLoad makes CAP_SYS_ADMIN effective for this thread, unless it has
// no_new_privs and needs none (seccomp_prepare_filter, kernel/seccomp.c). If it
// is not permitted either, the load will say so.
func allowLoad() error {
	nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil {
		return os.NewSyscallError("prctl(PR_GET_NO_NEW_PRIVS)", err)
	}
	if nnp == 1 {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	const admin = 1 << unix.CAP_SYS_ADMIN
	if sets[0].Permitted&admin == 0 {
		return nil
	}
	sets[0].Effective |= admin
	return os.NewSyscallError("capset", unix.Capset(&header, &sets[0]))
}

// restoreFileLimit gives back the RLIMIT_NOFILE that Go has raised. Only
// syscall.Exec knows the old one; it restores it before it tries, and the empty
// path does not exist.
func restoreFileLimit() { _ = syscall.Exec("", nil, nil) }
