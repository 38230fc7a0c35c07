package initprocess

import (
	"fmt"
	"os"
	"runtime"

	"github.com/opencontainers/runc/libcontainer"
	// nsenter's C constructor enters the container's namespaces before the Go
	// runtime starts any thread.
	_ "github.com/opencontainers/runc/libcontainer/nsenter"

	"seccomp-shim/shim/container/load"
	"seccomp-shim/shim/descriptors"
)

// init locks the main goroutine to the first thread. What the kernel keeps by thread, such
// as capabilities and no_new_privs, is set on the first thread, which execve(2) leaves.
func init() { runtime.LockOSThread() }

// IsInit reports whether this process was started as an init: libcontainer passes this one
// argument.
func IsInit() bool {
	return len(os.Args) == 2 && os.Args[1] == "init"
}

// Main sets the container up from the inside and then becomes the user's program. It does
// not return.
func Main() {
	// libcontainer sets the limits of the cgroup after the container's init has begun to
	// run. An exec'd process may be under the limits already.
	if os.Getenv("_LIBCONTAINER_INITTYPE") == "standard" {
		load.StartThreads()
	}
	// Otherwise a hook that libcontainer runs here would inherit the load channel,
	// libcontainer's own sockets, and the exec.fifo by which the container is started.
	if err := descriptors.CloseOnExec(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	handOverLastAct()
	libcontainer.Init()
}
