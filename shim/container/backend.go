package container

import (
	"context"

	"golang.org/x/sys/unix"
)

// backend makes a container's processes and acts on all of them.
//
// It is the line between what this package decides (states, the gate, the order of
// events) and what libcontainer, CRIU and the kernel do. libcontainerBackend is the
// one in use; the tests have one without a kernel.
type backend interface {
	// startInit, startExec and restore launch a process with its streams. An init
	// then waits for release, and an exec for load; the processes of a checkpoint
	// run. They end with the context; on error nothing is left of the process.
	startInit(ctx context.Context, p *Process) (child, error)
	startExec(ctx context.Context, p *Process) (child, error)
	restore(ctx context.Context, p *Process) (child, error)

	// cgroup returns the reader of the container's metrics, whose init is alive; nil
	// without one.
	cgroup(init int) cgroup
	// processes returns the host's pids of all processes in the container's cgroup.
	processes() ([]int, error)
	pause() error
	resume() error
	// killOthers kills what is left when init has exited.
	killOthers() error
	// destroy removes the container, and runs its poststop hooks until the context
	// ends.
	destroy(ctx context.Context) error
}

// child is a process that a backend has launched. The shim is its parent: it keeps
// its pid until wait has reaped it.
type child interface {
	pid() int
	// release lets an init go on to its last act. It returns false if gone is closed
	// first.
	release(gone <-chan struct{}) (bool, error)
	// load returns when the process is about to load its filter. With a listener it
	// returns when the agent has the listener.
	load() error
	// awaitExecve follows load, and returns when the user's program runs.
	awaitExecve() error
	// signal sends a signal. SIGKILL to an init reaches all processes of the
	// container. The error of a process that has ended satisfies isEnded.
	signal(unix.Signal) error
	// wait reaps the process when it has ended, and returns its exit status. It is
	// called once.
	wait() (status int)
	// close releases the shim's ends of the connections to a runtime that has not
	// become the user's program yet.
	close()
}
