package load

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/shim/rights"
)

// Exec does what the shim's order says (cgroups, resource limits, filter) and replaces the process by
// the program at path. Call it on the process's first thread. It returns only if it fails
// before the last calls; the shim then has received the error. A later
// failure ends the process, and the shim reads the reason from the page.
func Exec(path string, args, env []string) error {
	err := replace(path, args, env)
	report(err)
	return err
}

// report sends an error to the shim. If that fails, nobody is left to report it to.
func report(err error) {
	_, _ = unix.Write(FD, append([]byte{messageFailed}, err.Error()...))
}

// replace prepares everything that the last calls need. They are made under the
// container's limits, when Go may get no thread and no memory any more.
func replace(path string, args, env []string) error {
	order, tasks, page, err := receiveOrder()
	if err != nil {
		return err
	}
	call, err := newExecve(path, args, env)
	if err != nil {
		return fmt.Errorf("exec %s: %w", mistake.Shown(path), err)
	}
	if len(order.Program) > 0 {
		if err := allowLoad(); err != nil {
			return fmt.Errorf("load seccomp filter: %w", err)
		}
	}
	last := newLastAct(order, tasks, call, page)
	debug.SetGCPercent(-1) // the collector would wait for this thread, which no longer yields
	restoreFileLimit()
	resetHandlers()
	errno := last.run()
	runtime.KeepAlive(order)
	return fmt.Errorf("tell the shim: %w", errno)
}

// receiveOrder receives the order, the descriptors of its tasks files, and the page, which
// it maps.
func receiveOrder() (_ Order, tasks []int, _ *sharedWords, err error) {
	raw := make([]byte, maxOrder)
	n, fds, err := rights.Receive(FD, raw, 1+maxTasks)
	if err != nil {
		return Order{}, nil, nil, fmt.Errorf("receive the order: %w", err)
	}
	order, err := decodeOrder(raw[:n])
	if err != nil {
		return Order{}, nil, nil, err
	}
	if len(fds) == 0 {
		return Order{}, nil, nil, errors.New("receive the order: it has no descriptor")
	}
	defer unix.Close(fds[0])
	page, err := mapWords(fds[0])
	return order, fds[1:], page, err
}

// allowLoad makes CAP_SYS_ADMIN effective for this thread. A thread with no_new_privs does
// not need it (seccomp_prepare_filter in kernel/seccomp.c). If CAP_SYS_ADMIN is not
// permitted, seccomp(2) fails later.
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

// restoreFileLimit restores the soft RLIMIT_NOFILE, which Go has raised. Only syscall.Exec
// knows the old value: it restores the limit before it calls execve, which fails for the
// empty path.
func restoreFileLimit() { _ = syscall.Exec("", nil, nil) }
