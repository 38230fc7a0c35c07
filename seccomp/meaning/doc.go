// Package meaning defines what a seccomp profile means: the action that the kernel has
// to take for each call. No other package decides that. The compiler's check, the
// explanations for people and the tests ask [Meaning].
//
// It is written to be read beside the OCI runtime spec (config-linux.md, "Seccomp") and
// found obviously right. So it prefers clarity to speed, and does not use BPF
// instructions.
//
// # A call
//
// A call is what the kernel shows to a filter: the architecture of the syscall, its
// number and six arguments of 64 bits. An [ABI] has the numbers of an architecture's
// syscalls. A profile has the native ABI and those that it lists; a call of any other
// ABI kills its thread. x32 has the architecture of x86_64; the number distinguishes
// them ([bpf.X32Bit]).
//
// # Rules
//
//   - A rule counts for each syscall that it names, on each ABI that has the syscall.
//   - A condition compares all 64 bits of an argument, as unsigned numbers. On an ABI
//     with 32-bit registers an argument has 32 bits, so that no call meets some
//     conditions. A filter may see more: a 64-bit process that executes int $0x80 shows
//     whole registers (Linux 6.18), but the call uses only their lower halves.
//   - SCMP_CMP_MASKED_EQ ignores the bits of valueTwo outside of the mask.
//   - All conditions of a rule must hold. But if two of them compare the same argument,
//     each condition of the rule is a rule of its own.
//   - A rule whose action is the default action, with the same data, is left out.
//   - Of the rules for one syscall, a rule without conditions beats all rules that have
//     conditions; the first one counts if there are several. Of the other rules that
//     match, the one with the strictest action counts (the kernel's order for several
//     filters, seccomp(2)), then the first one. [ABIRules.Shadowed] has the rules that
//     never count.
//   - Where no rule matches, the default action counts.
//
// # New syscalls
//
// If the default action refuses calls, numbers above the highest that the profile names
// for an ABI fail with ENOSYS: programs take that for a kernel without the syscall, and
// use an older one. SCMP_ACT_TRACE as the default action is an exception, because a
// tracer can answer by itself.
//
// # Multiplexers
//
// Some ABIs have socketcall(2) and ipc(2). Their first argument chooses the real call,
// and a filter cannot see the arguments of that call. A rule for a call behind a
// multiplexer counts for both routes to the call. It is unknown what its conditions
// would say about the hidden arguments, so a rule that refuses counts as matching. A rule
// that permits counts as matching only if all its conditions compare argument 0: runc
// has this exception too, since the rules of the default profile for socket families
// would otherwise take all sockets from 32-bit programs.
//
// # Different from runc
//
// runc enforces the program that libseccomp makes of a profile. Users find the cases in
// which that program decides otherwise in docs/profiles.md#what-differs-from-runc.
// TestDecide has a row for each: "wide operand", "x32 arguments", "ipc version", "hidden
// arguments" and "direct socket calls". TestOverlappingRules has the rules that match
// together. Package compile tests the comparisons of 64 bits that libseccomp merges
// wrongly (GHSA-4q85-33p6-j5g6).
package meaning
