package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// privateEnv tells the child of Privately what it is.
const privateEnv = "SECCOMP_SHIM_PRIVATE"

// Privately runs this program once more, with a network of its own, mounts of
// its own, and an empty /var/lib, and returns the exit code; in that child it
// runs main. All that a node with pods would leave on the host, such as bridges
// and what CNI plugins keep, goes with the child.
func Privately(main func() int) int {
	var err error
	if os.Getenv(privateEnv) != "" {
		if err = enterPrivately(); err == nil {
			return main()
		}
	} else {
		var code int
		if code, err = runPrivately(); err == nil {
			return code
		}
	}
	fmt.Fprintf(os.Stderr, "run in private namespaces: %v\n", err)
	return 1
}

func runPrivately() (int, error) {
	// A parent's death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), privateEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func enterPrivately() error {
	// This process's children are not the program once more.
	if err := os.Unsetenv(privateEnv); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("private", "/var/lib", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount /var/lib: %w", err)
	}
	return RaiseLoopback()
}

// RaiseLoopback switches the one interface of a new network namespace on.
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
