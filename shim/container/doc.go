// Package container runs OCI containers with runc's libcontainer in the shim's
// own process. It is the only importer of libcontainer, whose types stop here.
//
// # Who waits for a process
//
// Each process has one waiter goroutine, blocked in libcontainer's
// Process.Wait. There is no reaper that calls wait4(-1): it would race
// libcontainer's and os/exec's own waits, and would learn of an exit as a bare
// pid that may belong to several processes. A zombie keeps its pid until its
// waiter has returned, so no exit is missed and none is misattributed. For the
// same reason the shim is no child subreaper: orphans of a container that shares
// the host's pid namespace go to the host's init, which is there to reap them.
//
// # What is reported, in which order
//
// [Events] hears of a container's life in the order in which containerd's
// clients rely on it: Created first; a process's Started before its Exited; the
// init's Exited after those of all its execs, and each after its process's output
// has been read. A process's gate makes the middle
// one hold: Start keeps it until Started has been reported, and the waiter needs
// it to report the exit. A death by the kernel's OOM killer is told by OOM, before
// the Exited of whom it hit: see oomWatch.
//
// # The filter
//
// libcontainer sets a process up and knows nothing of seccomp: its own code for
// that is not in the binary. The last step, execve, it leaves to package load
// (by a change of two lines, see package patch), which sets the resource limits and
// loads the filter that [Filter] holds just before. Start returns when the program
// runs, or with the reason why it does not.
//
// A restored process comes from CRIU with the filters that it was saved with. It
// is restored only if the container's is among them: Filter.admitCheckpoint asks the
// images before, and Filter.verify the kernel before the process runs (see restoration).
//
// # No wait is without an end
//
// A container can hold the process that enters it (see launch), a filter can kill
// the thread that loads it and leave the others (see package load), a hook can hang.
// So Create and Start end with their context, which ends when the client is gone, and
// SIGKILL reaches a process at any time of its life. A process lives while one of its
// threads lives: after the first one it is a zombie in /proc, and runs.
//
// # Locks
//
// Container.mu and Process.mu guard a few fields and are held for a few
// instructions only, never across a fork, a blocking system call or a callback,
// so State, Wait and Kill answer at once whatever else goes on. libcontainer
// serialises the operations on one of its Container values; therefore each exec
// starts through a value of its own, loaded from the state on disk, as separate
// runc processes would.
package container
