// Package explain explains to people what a seccomp profile does: its action for one syscall
// and why ([Syscall], [Number]), and a report on the whole profile ([Profile]). It returns
// values; its callers print them.
//
// It does not decide what a profile means: every answer is from package meaning.
package explain
