// Package record counts the syscalls of recorded containers, and writes recordings. Package
// recording says what a recording has.
//
// # Raw tracepoints
//
// Four small BPF programs count the calls in the kernel. They are written here, instruction
// by instruction, so that a node needs no compiler, no headers and no BTF; and they are
// attached only while a container is recorded, with maps for that container alone.
//
//	tracepoint            program
//	sched_process_exec    a process that the shim has named begins: its thread is recorded
//	sched_process_fork    a child of a recorded thread is recorded
//	sys_enter             a call of a recorded thread is counted
//	sched_process_exit    a thread is not recorded any more
//
// When the shim ends, also by SIGKILL, the kernel closes its descriptors and detaches the
// programs.
//
// User notification, by which refused calls are observed, would be one mechanism less. It
// makes each call 5.5 µs slower or more, and a usual program 2 to 20 times; these programs
// make a call 0.25 µs slower, and a usual program 1.0 to 1.3 times (docs/measurements.md).
//
// # Who is recorded
//
// A thread is known by the address of its task_struct, so that the programs need to know no
// offset in it. The address is a thread's own from its fork to its exit. The thread that calls
// execve keeps its task_struct, also where it takes over the pid of the first thread
// (de_thread, fs/exec.c).
//
// The recording begins with the first instruction of the user's program:
//
//	shim                                     process
//	starts it, knows its pid                 waits for the order
//	its pid into the map of those that begin
//	sends the order ───────────────────────▶ limits, filter, execve
//	                                         sched_process_exec, in the kernel: recorded
//	                                         the first instruction
//
// The process has executed the runtime's init long before, so the next execve that succeeds
// is that of the user's program. The execve itself is not in the recording, since the runtime
// has called it; a profile must allow it all the same. A script's interpreter is executed by
// the same execve. The tracepoint has no pid of the container, and a shim in a pid
// namespace does not know those of the first one, so the programs compare the pid in the
// process's own namespace (bpf_get_ns_current_pid_tgid).
//
// # Which ABI
//
// x32 is a bit of the number. Calls by int 0x80 are marked in thread_info, the first member
// of task_struct, at a place that depends on the kernel: [checkedKernel] records a program of
// known calls before, and no container is recorded if they are not told apart. On arm64 the
// mark is a flag of the task.
//
// # Exact
//
// All numbers below 1023 have a counter of their own, in an array that is never full. The
// counters are added to atomically. The kernel omits a run of a program in the middle of
// another run of it, and counts that (recursion_misses); a thread for which the table of
// threads has no room is counted, too. Both make the recording incomplete: see
// recording.Lost.
//
// The tracepoint comes after seccomp. A call that a profile refuses is not counted here, but
// by package observe, and is in the recording as refused. A vDSO function that makes no
// syscall is not seen at all, nor is io_uring's work.
//
// # What others pay
//
// While something is recorded, each call on the node takes the slower way into the kernel
// and looks up its thread, 0.2 µs.
package record
