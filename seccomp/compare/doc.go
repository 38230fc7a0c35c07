// Package compare says how two profiles differ, with a call as the witness of each
// difference, and whether one is nowhere looser than the other. The answers are proven by
// package check for all calls, not for samples; a pair of profiles for which that would take
// too long has no answer ([check.ErrTooComplex]).
//
// # Looser
//
// An answer is looser than another if the kernel, of two filters with these answers, would
// take the other one (seccomp(2)). From the strictest to the loosest:
//
//	KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW
//
// The data does not count: ERRNO(1) and ERRNO(38) are equally strict. A profile lets a call
// through if its answer is ALLOW or LOG: the call runs, and nobody is asked.
//
// # What is compared
//
// The answers for all calls on the ABIs of both profiles: each lists some, and has the native
// one. An ABI that a profile does not have kills the thread. Beside the answers, two profiles
// can differ in their flags and their agent ([Settings]).
package compare
