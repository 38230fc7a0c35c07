package container

import (
	"fmt"
	"os"
	"runtime"

	"github.com/opencontainers/runc/libcontainer"
	// nsenter's C constructor enters the container's namespaces before the Go
	// runtime starts any thread.
	_ "github.com/opencontainers/runc/libcontainer/nsenter"

	"seccomp-shim/shim/container/load"
)

// The main goroutine keeps the process's first thread to itself, and no other runs
// on it. libcontainer lets a goroutine enter the mount namespace of a container for
// good and leaves its thread to end with it. The first thread cannot end: it would
// stay there, and with it /proc/self, so that this process would read the mounts of
// a container for its own.
func init() { runtime.LockOSThread() }

// IsInit reports whether this process was started as a container's init:
// libcontainer re-executes its own binary with this one argument.
func IsInit() bool {
	return len(os.Args) == 2 && os.Args[1] == "init"
}

// Init sets the container up from the inside and then becomes the user's
// program. It does not return.
func Init() {
	// libcontainer limits the cgroup of a container when its first process has come
	// half-way. An exec'd one may be in it already.
	if os.Getenv("_LIBCONTAINER_INITTYPE") == "standard" {
		load.StartThreads()
	}
	// A hook that libcontainer runs here would inherit the load channel, libcontainer's
	// own sockets, and the exec.fifo by which the container is started.
	if err := CloseDescriptorsOnExec(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	handOverLastAct()
	libcontainer.Init()
}
