// Package explain explains to people what a seccomp profile does: its action for one syscall
// and why ([Syscall], [Number]), and its answers for all ([Summary]). It returns values; its
// callers print them. Package lint finds what a profile's author may not expect.
//
// It does not decide what a profile means: every answer is from package meaning.
package explain
