// Package load puts a process under a seccomp filter as the last thing that its
// runtime does before execve.
//
// # The two ends
//
// The shim makes a [Channel] for each process that it starts. Its inner end goes
// with the process, as descriptor [FD]. Through it the process receives its
// [Order], the program that it is to run under, and says how far it came. The
// inner end closes on execve, which is how the shim learns that the user's
// program runs. Nothing else is needed, no file and no clock.
//
// Inside, [Exec] is called where a runtime would call execve. Without an order it
// fails: a process that was told nothing runs nothing.
//
// # Only execve is under the filter
//
// A filter is for one thread. The other threads of the runtime are not under it,
// and end with execve. The thread itself makes no system call between
// seccomp(2) and execve(2), which needs more than to write the one behind the
// other:
//
//   - The Go runtime must not be entered: a function's prologue may grow the
//     stack or yield to the scheduler. So both calls are in one function without
//     prologue (//go:nosplit), and everything they need is made before.
//   - A signal's handler ends with rt_sigreturn(2), which would be under the
//     filter; the Go runtime itself sends signals to its threads. So the handlers
//     are taken away before, as execve does anyway; what is ignored stays ignored.
//   - Go raises RLIMIT_NOFILE for itself and restores it in syscall.Exec. So it is
//     restored before.
//
// # Without no_new_privs
//
// Such a thread may load a filter only while CAP_SYS_ADMIN is effective. The
// caller keeps it in the permitted set, whatever the user's program shall have;
// Exec makes it effective. execve then computes all sets anew, and from the
// permitted set it takes nothing (capabilities(7)): the new program has the
// capability only if the bounding set (for root) or the ambient set has it.
//
// # Listeners
//
// A filter with SCMP_ACT_NOTIFY yields a descriptor that must reach an agent
// before anything can be asked, and execve itself may be asked about. The thread
// under the filter cannot send it, since even write(2) may be asked about. So
// another thread does, which is not under the filter, while the first one waits
// without system calls for the shim's word that the agent has it.
package load
