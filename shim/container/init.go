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

// init locks the main goroutine to the process's first thread, so that no other goroutine
// runs on that thread. libcontainer lets a goroutine enter a container's mount namespace
// on a locked thread, which then ends with the goroutine. The first thread cannot end: it
// would stay in the container's namespace, and so would /proc/self, whose mounts this
// process would take for its own.
func init() { runtime.LockOSThread() }

// IsInit reports whether this process was started as a container's init:
// libcontainer re-executes its own binary with this one argument.
func IsInit() bool {
	return len(os.Args) == 2 && os.Args[1] == "init"
}

// Init sets the container up from the inside and then becomes the user's
// program. It does not return.
func Init() {
	// libcontainer sets the limits of the cgroup after the container's init has begun to
	// run. An exec'd process may be under the limits already.
	if os.Getenv("_LIBCONTAINER_INITTYPE") == "standard" {
		load.StartThreads()
	}
	// Otherwise a hook that libcontainer runs here would inherit the load channel,
	// libcontainer's own sockets, and the exec.fifo by which the container is started.
	if err := CloseDescriptorsOnExec(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	handOverLastAct()
	libcontainer.Init()
}
