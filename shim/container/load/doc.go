// Package load puts a process under a seccomp filter as the last thing that its
// runtime does before execve.
//
// # The two ends
//
// The shim makes a [Channel] for each process that it starts. Its inner end goes
// with the process, as descriptor [FD], and holds the [Order] that the process
// runs under, with a page of memory that both share:
//
//	shim                              process
//	NewChannel  -- order, page ---->  Exec: receive, prepare
//	Load        <-- ready ----------
//	                                  prlimit(2), each limit
//	                                  seccomp(2)
//	            <== listener =======  with a listener:
//	pidfd_getfd(2), to the agent      wait for the page
//	            === resume ========>
//	                                  execve(2)
//	AwaitExecve <-- the end closes -  the program runs
//	            <== errno ==========  or execve has failed
//
// An arrow with one line is a message, with two a word in the page. The inner end
// closes on execve, and it closes when the process dies: [StandingOf] tells the two
// apart.
//
// Inside, [Exec] is called where a runtime would call execve. Without an order it
// fails: a process that was told nothing runs nothing.
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
//     runtime itself sends signals to its threads. So the handlers are taken away
//     before, as execve does anyway; what is ignored stays ignored.
//   - Go raises RLIMIT_NOFILE for itself and restores it in syscall.Exec. So it is
//     restored before.
//
// # Resource limits come last too
//
// Under the container's limits Go may be unable to map memory (RLIMIT_AS, RLIMIT_DATA)
// or to start a thread (RLIMIT_NPROC), and then the runtime dies with a traceback. So
// the thread sets them when no Go code is left to run.
//
// # Without no_new_privs
//
// Such a thread may load a filter only while CAP_SYS_ADMIN is effective. The
// caller keeps it in the permitted set, whatever the user's program shall have;
// Exec makes it effective. execve then computes all sets anew, and from the
// permitted set it takes nothing (capabilities(7)): the new program has the
// capability only if the bounding set (for root) or the ambient set has it.
//
// The thread has the capability until execve returns. That may take as long as an agent
// thinks, if the filter answers execve with SECCOMP_RET_USER_NOTIF. Nothing drops it
// earlier: capset(2) would be a call of the runtime under the filter, no_new_privs would
// be the program's too, and if another thread loads the filter for this one
// (SECCOMP_FILTER_FLAG_TSYNC), that thread has the capability for as long. Of root's
// processes the other threads have all capabilities anyway: libcontainer drops them in
// the first thread alone. All this needs a tracer to be used, and a tracer that may
// attach now could have done so since the process entered the container: SECURITY.md
// has more.
//
// # What a process says under its filter
//
// The filter may deny write(2), exit_group(2), everything. A store to memory is no
// system call, so that is how the thread says what the kernel answered, and how it
// gives its listener away: the listener of a filter with SCMP_ACT_NOTIFY must reach
// an agent before anything can be asked, and execve itself may be asked about. The
// shim takes the descriptor out of the process with pidfd_getfd(2). No other thread
// takes part, since the container's limits may allow none.
//
// A filter can also kill the thread and leave the others (SECCOMP_RET_KILL_THREAD),
// which then hold the channel open. So the shim looks at the process now and then
// while it waits.
package load
