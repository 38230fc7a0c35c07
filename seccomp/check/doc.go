// Package check proves that a seccomp program decides as its profile means, for
// every call that the kernel can show it: all architectures, all 2^32 numbers
// and all values of six 64-bit arguments. What it finds otherwise are calls for
// which the two really differ: each is run and looked up before it is reported.
//
// It does not trust the compiler that made the program and knows nothing of it.
// What it trusts is package meaning, how package bpf runs a program, and itself.
//
// # How
//
// A program and a profile are put in the same form, a decision diagram: a
// question about one 32-bit word of the call, and for each answer either an
// action or another question. Equal parts of a diagram are one node, so two
// decisions that are written alike are known to be the same by looking at them.
// Otherwise the words are settled one after the other, the architecture first:
// the values of a word fall into classes within which every question that is
// still asked about it has one answer. Each class leaves two smaller diagrams
// that no longer ask about the word. Pairs of diagrams that were compared before
// are not compared again.
//
// # Why no call is left out
//
//   - All that a program asks about a word is whether masked bits of it equal or
//     exceed a constant; a program that does anything else is refused with
//     [ErrNotUnderstood]. A condition about 64 bits is questions about its halves.
//   - The classes begin as the whole range of the word, and a class is only ever
//     split into the part where a question is answered yes and the part where it is
//     answered no. So each value is in one class.
//   - A question is taken as settled in a class only if no value of the class
//     has the other answer. For intervals that is arithmetic. With masks it is found
//     by trying the bits, all of them if need be, and not by samples.
//   - When no question about a word is open, all values of its class lead to the
//     same decisions. So one of them stands for all.
//   - Of architectures and numbers a profile tells apart those in its tables, those
//     next to its highest ones and x32's, 0 and -1. Between those it says the same
//     for all, and what the program tells apart there is found as for any word.
//
// On an ABI with 32-bit registers, a program has to decide by the lower halves of
// arguments, whatever is in the upper ones: the call uses only the lower, but the
// filter can be shown others. (Measured on Linux 6.18: int $0x80 in a 64-bit
// program shows all 64 bits of its registers as arguments of an i386 call.)
//
// The words of a call are taken to be independent of each other. A program that
// told apart what no kernel shows, such as calls by an instruction pointer outside
// of user space, would be found to differ.
//
// # When it gives up
//
// Equality of such decisions is a hard problem, so there are profiles for which
// this would take forever. After about half a second, or some 30 megabytes,
// the answer is [ErrTooComplex], which means that nothing is known. This takes
// dozens of rules for one syscall, with orders or bits of many arguments each.
// If the program asks what the rules say, in their order (upper half before lower; an
// order as above, equal, then the lower half), it is never too complex, since
// it is the same diagram.
package check
