// Package compile turns a [seccomp.Profile] into a [bpf.Program] with
// libseccomp. It holds the only cgo of the project besides libcontainer's.
//
// A profile means what runc enforces for it:
//
//   - The native architecture always belongs to the profile. Under any other
//     that the profile does not list, the first syscall kills the thread.
//   - A rule whose action is the default action is left out.
//   - Rules for one syscall are alternatives. The conditions of one rule must all
//     hold; but if two of them look at the same argument, each is an alternative
//     of its own.
//   - Unless the default action lets a syscall run, numbers above the highest
//     that the profile names for an architecture fail with ENOSYS, which is how
//     a program finds out that its kernel is too old for a syscall.
//
// Different from runc, a rule that denies a syscall which libseccomp does not
// know by name is an error: passing over it would let the syscall run or fail
// otherwise than written. Passing over a rule that allows one only denies more;
// it is reported in [Result.Skipped].
package compile
