// Package check proves that a seccomp program decides as its profile means, for every
// call that the kernel can show it: all architectures, all 2^32 numbers and all values
// of six 64-bit arguments. Otherwise it returns calls for which the two differ; it runs
// the program and asks the meaning for each of them before it does so.
//
// It does not trust the compiler that made the program, and shares no code with it. It
// trusts package meaning, Run of package bpf, and itself.
//
// # How
//
// A program and a profile get the same form, a decision diagram: a question about one
// 32-bit word of the call, and for each answer either an action or another question.
// Equal parts of a diagram are one node, so two decisions that are written alike are the
// same node. Otherwise Compare settles the words one after the other, the architecture
// first. It splits the values of a word into classes: in a class, every question that is
// still open about the word has one answer. Each class leaves two smaller diagrams that
// no longer ask about the word. Compare remembers the pairs of diagrams that it has
// compared.
//
// # Why no call is left out
//
//   - A program may only ask whether masked bits of a word equal or exceed a constant. A
//     program that does anything else is refused with [ErrNotUnderstood]. A condition on
//     64 bits becomes questions about its halves.
//   - The first class is the whole range of the word. A class is only ever split into the
//     part where the answer to a question is yes and the part where it is no. So each
//     value is in one class.
//   - A question is settled in a class only if no value of the class has the other answer.
//     For intervals, arithmetic finds that out. With masks, a search over the bits does,
//     over all of them if necessary, and not samples.
//   - When no question about a word is open, all values of its class lead to the same
//     decisions. So one value represents the class.
//   - A profile distinguishes only the architectures and numbers in its tables, those next
//     to its highest numbers and to x32's, 0 and -1. It decides all numbers between them
//     alike. What the program distinguishes there is found as for every word.
//
// On an ABI with 32-bit registers, a program has to decide by the lower halves of the
// arguments for all values of the upper halves: the call uses only the lower halves, but
// the filter can see others. (Measured on Linux 6.18: int $0x80 in a 64-bit program shows
// all 64 bits of its registers as arguments of an i386 call.)
//
// The words of a call count as independent. A program that distinguishes calls that no
// kernel shows, such as those with an instruction pointer outside of user space, differs
// from its profile.
//
// # Two meanings
//
// Meanings compares two profiles in the same way, UpperHalf a syscall's answers with those
// for a smaller argument, and Deciding finds the rules of a syscall that decide no call. A
// caller says by a Relation which differences count.
//
// # Limits
//
// Comparing such decisions is a hard problem, and for some profiles it would not end.
// After about half a second, or about 30 megabytes, the result is [ErrTooComplex], and
// nothing is known. That takes dozens of rules for one syscall, each with orders or bits
// of many arguments. It never happens for a program that asks what the rules ask, in
// their order (the upper half before the lower; an order as greater, equal, then the
// lower half), because that is the same diagram.
package check
