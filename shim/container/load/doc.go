// Package load puts a process under a seccomp filter as the last thing that its
// runtime does before execve.
//
// # The protocol
//
// The shim makes a [Channel] for each process that it starts. The channel's inner end
// goes with the process, as descriptor [FD], and holds the [Order] for the process with
// descriptors: of a page of memory that both share, and of cgroups' tasks files.
//
//	shim                              process
//	NewChannel  -- order, page ---->  Exec: receive, prepare
//	or Send
//	            <-- failed ---------    or: the reason, Exec returns
//	Load        <-- ready ----------  the path and addresses for execve(2)
//	                                  write(2) to each tasks file
//	            <== tasks, errno ===    or: exit
//	                                  prlimit(2), each limit
//	            <== limit, errno ===    or: exit
//	                                  seccomp(2)
//	            <== errno ==========    or: exit
//	            <== listener =======  with a listener:
//	pidfd_getfd(2), to the agent      spin
//	            === resume ========>  go on; or exit, if the agent has no listener
//	                                  execve(2)
//	AwaitExecve <-- EOF ------------  the program runs
//	            <== errno ==========    or: exit
//
// An arrow with one line is a message on the channel, one with two lines is a word in the
// page. The shim gets EOF when execve closes the inner end, which the runtime has made
// close-on-exec, and also when the process dies: [StandingOf] tells the two apart.
//
// A runtime calls [Exec] in place of execve. Exec fails without an order, so that a process
// that has received nothing runs nothing.
//
// # Only execve is under the filter
//
// A filter is for one thread. The other threads of the runtime are not filtered;
// execve ends them. The thread itself makes no system call between seccomp(2) and
// execve(2). Two adjacent calls in Go do not guarantee that, so:
//
//   - The Go runtime must not be entered: a function's prologue may grow the
//     stack or yield to the scheduler. So both calls are in functions without
//     prologue (//go:nosplit), and everything they need is made before.
//   - A signal's handler ends with rt_sigreturn(2), which would be filtered; the Go
//     runtime itself sends signals to its threads. So Exec removes the handlers
//     before, as execve would; ignored signals stay ignored.
//   - Go raises RLIMIT_NOFILE for itself and restores it in syscall.Exec. So Exec
//     restores it before.
//
// # Cgroups are joined just before, on cgroup v1
//
// A process that is moved by its pid waits for an RCU grace period: 5 ms of each exec on
// an idle Linux 6.18. A thread that writes 0 to a tasks file moves itself without the lock
// that waits (cgroup_procs_write_start, kernel/cgroup/cgroup.c, since Linux 5.5), and after
// execve the process is where this thread was. The runtime before it counts for the node
// and not for the container, whose limits may be too low for Go: runc's exec joins before
// Go has all its threads, and now and then fails under a pids limit. On cgroup v2 a thread
// cannot move alone; libcontainer makes the process in the cgroup there.
//
// # Resource limits are set just before
//
// Under the container's limits Go may be unable to map memory (RLIMIT_AS, RLIMIT_DATA)
// or to start a thread (RLIMIT_NPROC), and then the runtime dies with a traceback. So
// the thread sets them when no Go code is left to run.
//
// # Without no_new_privs
//
// A thread without no_new_privs may load a filter only while CAP_SYS_ADMIN is effective.
// The caller keeps the capability in the permitted set, even if the user's program shall
// not have it; Exec makes it effective. execve computes all sets again, and takes nothing
// from the old permitted set (capabilities(7)): the program has the capability only if
// the bounding set (for root) or the ambient set has it.
//
// The thread has the capability until execve returns. If the filter answers execve with
// SECCOMP_RET_USER_NOTIF, the agent decides how long that takes. Nothing drops the
// capability earlier: capset(2) would be a call of the runtime under the filter,
// no_new_privs would stay with the program, and if another thread loads the filter for
// this one (SECCOMP_FILTER_FLAG_TSYNC), that thread has the capability for as long. In a
// process of root the other threads have all capabilities anyway: libcontainer drops them
// in the first thread only. Only a tracer could use the capability, and a tracer that may
// attach now could have attached since the process entered the container: see SECURITY.md.
//
// # How a process reports under its filter
//
// The filter may deny write(2), exit_group(2), and every other call. A store to memory is
// no system call, so the thread stores in the page what the kernel answered. With
// SCMP_ACT_NOTIFY it stores the number of its listener, too: an agent must have the
// listener before any call is made, since execve itself may be asked about. The shim takes
// the descriptor out of the process with pidfd_getfd(2). No other thread of the process
// takes part, since the container's limits may allow none.
//
// A filter can also kill the thread and leave the others (SECCOMP_RET_KILL_THREAD),
// which then hold the channel open. So the shim polls the process's state while it waits.
package load
