// Package meaning says what a seccomp profile means: which action the kernel
// has to take for which call. It is the only place where that is written down.
// The compiler's check, the explanations for people and the tests all ask
// [Meaning], and none of them has an opinion of its own.
//
// It is meant to be read beside the OCI runtime spec (config-linux.md,
// "Seccomp") and found obviously right, so it is written for that and not for
// speed, and it knows nothing of BPF's instructions.
//
// # A call
//
// A call is what the kernel shows to a filter: the architecture of the system
// call, its number and six arguments of 64 bits. An [ABI] says which numbers
// an architecture has. A profile has the ABIs that it lists and the native one;
// a call of any other kills its thread. x32 shares its architecture with x86_64
// and is told from it by the number ([bpf.X32Bit]).
//
// # Rules
//
//   - A rule stands for each syscall that it names, on each ABI that has it.
//   - Conditions are about all 64 bits of an argument, as unsigned numbers. On an
//     ABI with 32-bit registers an argument has 32 bits, so that a condition may
//     be one that no call meets. A filter may see more: a 64-bit process that does
//     int $0x80 shows it whole registers (Linux 6.18), of which the call uses the
//     lower halves.
//   - SCMP_CMP_MASKED_EQ ignores the bits of valueTwo outside of the mask.
//   - All conditions of a rule must hold; but if two are about the same argument,
//     each condition of the rule stands for a rule of its own.
//   - A rule whose action is the default action, with the same data, is left out.
//   - Of the rules for one syscall, one without conditions beats all that have
//     some; the first of several is meant. Of the others that match, the one with
//     the strictest action counts (the kernel's own order for several filters,
//     seccomp(2)), then the first. [Meaning.Shadowed] tells what can never count.
//   - Where no rule matches, the default action counts.
//
// # New syscalls
//
// If the default action refuses calls, numbers above the highest that the
// profile names for an ABI fail with ENOSYS, which is how programs find out that
// a kernel is too old for a syscall. Only SCMP_ACT_TRACE as default has nothing
// of this: a tracer copes by itself.
//
// # Multiplexers
//
// Some ABIs have socketcall(2) and ipc(2), whose first argument chooses the
// real call, and whose other arguments a filter cannot see. A rule for a call
// behind a multiplexer stands for both routes to it. What its conditions would say
// of the hidden arguments is unknown, so a rule that refuses counts as matching.
// One that permits counts as matching only if its conditions are all about
// argument 0: without this, which runc does too, the default profile's rules for
// socket's families would take away all sockets of 32-bit programs.
//
// # Different from runc
//
// runc means whatever libseccomp makes of a profile. This is where that is
// another thing; each row has a test of the same name in this package.
//
//	wide operand         a 32-bit ABI compares only the lower half: arg == 0x100000005 matches 5
//	x32 arguments        x32 compares only the lower halves, though its registers have 64 bits
//	ipc version          ipc's first argument has a version in its upper half, which the kernel
//	                     ignores; a rule does not match a call that has one
//	hidden arguments     a condition about argument 1 to 5 is held against the multiplexer's own
//	overlapping rules    which of several rules with conditions and different actions counts
//	                     depends on the order of libseccomp's tree
//	direct socket calls  a number such as i386's socket (359) does not count as named by the
//	                     profile, so it fails with ENOSYS if it is above the others
//	libseccomp's faults  comparisons of 64 bits that it merges wrongly (GHSA-4q85-33p6-j5g6)
package meaning
