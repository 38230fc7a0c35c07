// Package container runs OCI containers with runc's libcontainer in the shim's
// own process. It is the only importer of libcontainer, whose types stop here.
//
// A [Container] and its [Process] values decide: they keep the states, serialize the
// requests and report the events. A backend acts: libcontainerBackend with libcontainer
// and the kernel, and in the tests a fake.
//
// # Who waits for a process
//
// Each process has one waiter goroutine, blocked in libcontainer's
// Process.Wait. There is no reaper that calls wait4(-1): it would race
// libcontainer's and os/exec's own waits, and would learn of an exit as a bare
// pid that may belong to several processes. A zombie keeps its pid until its
// waiter has returned, so no exit is missed and none is misattributed. For the
// same reason the shim is no child subreaper: orphans of a container that shares
// the host's pid namespace go to the host's init, which reaps them.
//
// # The order of events
//
// [Events] are reported in the order on which containerd's clients rely: Created
// first; a process's Started before its Exited; the init's Exited after those of all
// its execs. An Exited comes after the process's output has been read. The process's
// gate keeps Started before Exited: Start holds the gate until it has reported
// Started, and the waiter takes the gate to report the exit. OOM is reported before
// the Exited of the process that the kernel's OOM killer has killed: see oomWatch.
//
// # The filter
//
// libcontainer sets a process up and knows nothing of seccomp: its own code for
// that is not in the binary. It leaves the last step, execve, to package load
// (package patch changes two lines for this). Package load sets the resource limits
// and loads the filter that [Filter] holds just before execve. Start returns when the
// program runs, or with the reason why it does not.
//
// CRIU restores a process with the filters that the process was saved with. A restore
// succeeds only if the container's filter is among them: Filter.admitCheckpoint reads
// the images before, and Filter.verify asks the kernel before the process runs (see
// restoration).
//
// # Every wait can be ended
//
// A container can hold the process that enters it (see startOrReap), a filter can kill
// the thread that loads it and leave the others (see package load), a hook can hang.
// So Create and Start end with their context, which ends when the client is gone, and
// SIGKILL reaches a process at any time of its life. A process lives as long as one of
// its threads lives: when only its first thread has ended, /proc shows a zombie, and the
// process still runs.
//
// # Locks
//
// Process.gate serializes Start, the report of the exit, and Delete, and is held while
// they wait. State, Wait, Kill and the reading methods do not take it.
//
// Container.mu, Process.mu and the other mutexes guard the fields whose comments name
// them. They are held for a few instructions only, never across a fork, a blocking
// system call or a method of Events, so that State, Wait and Kill answer at once. The
// exception is oomWatch.mu, which is held while OOM is reported.
//
// The order is: Container.updates or Process.gate first, then one of the mutexes. No
// two mutexes are held at once.
//
// A field without a lock is set before Events.Created makes the container public, or
// its comment names the channel or the gate that orders its write and its reads.
//
// libcontainer serializes the operations on one of its Container values. Therefore each
// exec starts through a value of its own, loaded from the state on disk, as separate
// runc processes would.
package container
