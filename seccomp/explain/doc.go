// Package explain tells people what a seccomp profile does: what it answers for
// one syscall and why ([Syscall], [Number]), and what there is to know about the
// profile as a whole ([Profile]). The answers are values; how they are shown is the
// business of others.
//
// It has no opinion on what a profile means: each answer is taken from package
// meaning, whose rules it quotes.
package explain
