package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/containerd/containerd/v2/defaults"
	"golang.org/x/sys/unix"
)

// privateEnv is set in a program that [Again] has started.
const privateEnv = "SECCOMP_SHIM_PRIVATE"

// IsPrivate reports whether this program was started by [Again].
func IsPrivate() bool { return os.Getenv(privateEnv) != "" }

// Again returns a command that runs this program again, with the same arguments, output
// and error, in new namespaces (CLONE_NEW*). The child is killed when ctx ends, or when
// this program exits. The calling thread is locked for that, because a parent's death
// signal comes when the thread that forked exits. In a new pid namespace a shell is the
// first process, to reap orphans; all processes there end with it.
func Again(ctx context.Context, namespaces uintptr) (*exec.Cmd, error) {
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := append([]string{self}, os.Args[1:]...)
	if namespaces&syscall.CLONE_NEWPID != 0 {
		command = append([]string{"sh", "-c", `"$0" "$@"; exit $?`}, command...)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), privateEnv+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: namespaces,
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // a Ctrl-C reaches only this program
	}
	return cmd, nil
}

// Mount has the arguments of mount(2).
type Mount struct {
	Source, Target, Kind string
	Flags                uintptr
	Data                 string
}

// Tmpfs is the mount of an empty folder at a path.
func Tmpfs(at string) Mount { return Mount{"private", at, "tmpfs", 0, "mode=755"} }

// Proc is the mount of /proc, which shows the processes of a new pid namespace.
func Proc() Mount { return Mount{"proc", "/proc", "proc", 0, ""} }

// MountPrivately makes later mounts invisible to others, and mounts these.
func MountPrivately(mounts ...Mount) error {
	for _, m := range append([]Mount{{Target: "/", Flags: unix.MS_REC | unix.MS_PRIVATE}}, mounts...) {
		if err := unix.Mount(m.Source, m.Target, m.Kind, m.Flags, m.Data); err != nil {
			return fmt.Errorf("mount %s: %w", m.Target, err)
		}
	}
	return nil
}

// Privately runs this program again in a new network namespace, with private mounts, an
// empty /var/lib, and the sockets of [WithOwnSockets], and returns the exit code. In
// that child it runs main. All that a node with pods would leave on the host, such as
// bridges and the files of CNI plugins, ends with the child.
func Privately(bin string, main func() int) int {
	prepare := func() error {
		return errors.Join(MountPrivately(Tmpfs("/var/lib")), ownSockets(bin), RaiseLoopback())
	}
	return runAgain(syscall.CLONE_NEWNS|syscall.CLONE_NEWNET, prepare, main)
}

// WithOwnSockets runs main so that it sees only the sockets of its own shims. If the
// containerd in bin has them in a folder of the host, it runs this program again with
// an empty folder there.
func WithOwnSockets(bin string, main func() int) int {
	if v, _, err := versionOf(context.Background(), bin); err != nil || v.hasSocketDir() {
		return main() // main reports the error if it needs containerd
	}
	return runAgain(syscall.CLONE_NEWNS, func() error { return ownSockets(bin) }, main)
}

// ownSockets hides the host's folder of sockets if this containerd uses it.
func ownSockets(bin string) error {
	v, _, err := versionOf(context.Background(), bin)
	if err != nil || v.hasSocketDir() {
		return err
	}
	if err := os.MkdirAll(defaults.DefaultStateDir, 0o711); err != nil {
		return err
	}
	return MountPrivately(Tmpfs(defaults.DefaultStateDir))
}

// runAgain runs this program again in new namespaces and returns its exit code. In that
// child it runs prepare and main.
func runAgain(namespaces uintptr, prepare func() error, main func() int) int {
	var err error
	if IsPrivate() {
		if err = prepare(); err == nil {
			return main()
		}
	} else {
		var code int
		if code, err = runChild(namespaces); err == nil {
			return code
		}
	}
	fmt.Fprintf(os.Stderr, "run in private namespaces: %v\n", err)
	return 1
}

func runChild(namespaces uintptr) (int, error) {
	cmd, err := Again(context.Background(), namespaces)
	if err != nil {
		return 0, err
	}
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// RaiseLoopback switches on the loopback interface of a new network namespace.
func RaiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("raise loopback: %w", err)
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("raise loopback: %w", err)
	}
	return nil
}
