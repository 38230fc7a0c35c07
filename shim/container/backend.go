package container

import (
	"context"

	"golang.org/x/sys/unix"
)

// backend makes a container's processes and acts on all of them.
//
// It separates what this package decides (states, the gate, the order of events) from
// what libcontainer, CRIU and the kernel do. The shim has libcontainerBackend; the tests
// have a fake that needs no kernel.
type backend interface {
	// startInit, startExec and restore launch a process and connect its streams. An
	// init then waits for release, an exec goes on to its last act, and the processes
	// of a checkpoint run. The end of the context ends the launch. On error nothing is
	// left of the process.
	startInit(ctx context.Context, p *Process) (child, error)
	startExec(ctx context.Context, p *Process) (child, error)
	restore(ctx context.Context, p *Process) (child, error)

	// cgroup returns the reader of the container's metrics, or nil if there is none.
	// init is the pid of the live init.
	cgroup(init int) cgroup
	// processes returns the host's pids of all processes in the container's cgroup.
	processes() ([]int, error)
	pause() error
	resume() error
	// killOthers kills what is left when init has exited.
	killOthers() error
	// destroy removes the container and then runs its poststop hooks. The end of the
	// context ends the hooks.
	destroy(ctx context.Context) error
}

// child is a process that a backend has launched. The shim is its parent, so the pid
// remains the child's until wait has reaped it.
type child interface {
	pid() int
	// release lets an init go on to its last act. It returns false if init has ended
	// before, which the caller reports by closing gone.
	release(gone <-chan struct{}) (bool, error)
	// load returns when the process is about to load its filter. With a listener it
	// returns when the agent has the listener.
	load() error
	// awaitExecve follows load, and returns when the user's program runs.
	awaitExecve() error
	// signal sends a signal. SIGKILL to an init reaches all processes of the
	// container. The error of a process that has ended satisfies isEnded.
	signal(unix.Signal) error
	// wait reaps the process when it has ended, and returns its exit status as in
	// [Exit]. Call it once.
	wait() (status int)
	// close closes the channel to a process that has not become the user's program
	// yet. It may be called more than once.
	close()
}
