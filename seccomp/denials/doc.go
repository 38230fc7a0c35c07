// Package denials says what it means to observe a container's seccomp profile: which calls
// are notified to the shim, what the shim answers, and what is reported of them. It is pure.
//
// # What is observed
//
// An observed profile decides each call by the same rule as the profile. Only the action
// changes ([Mode.Observed]), from the answer to SECCOMP_RET_USER_NOTIF:
//
//	answer of the profile                    denials      trial
//	ERRNO, by a rule or by defaultAction     observed     observed
//	ENOSYS for a call newer than the profile observed     observed
//	KILL_PROCESS, KILL_THREAD, TRAP          unchanged    observed
//	KILL_THREAD for a foreign ABI            unchanged    observed
//	TRACE, LOG, ALLOW                        unchanged    unchanged
//
// A [Judge] answers the notification of a call: in mode denials with the errno that the
// profile has for that very call, and never with SECCOMP_USER_NOTIF_FLAG_CONTINUE; in mode
// trial always with it. TRACE is no refusal, since a tracer decides.
//
// A profile that notifies an agent of its own cannot be observed: a filter has one listener,
// and the kernel takes one listener for all filters of a process (EBUSY, seccomp(2)).
//
// # What is reported
//
// A [Tally] counts each distinct call exactly, by the kind of process, the executable, the
// ABI, the syscall, the arguments that decide, and the rule. It holds a bounded number of
// distinct calls, and one counter for all others.
//
// A [Denial] is a probe if its answer is ENOSYS and the C library makes the call by itself
// and falls back to an older one: clone3, close_range, faccessat2, fchmodat2, rseq, statx
// (glibc 2.34 to 2.41). Probes are counted and kept in the report. The log, the termination
// message and seccompctl denials leave them out by default. ENOSYS for other calls is
// reported: a program that knows only openat2 fails by it.
package denials
