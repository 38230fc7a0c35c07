// Package lint finds what a profile's author may not expect. It asks package meaning, and
// package check where a finding needs a proof; it decides nothing itself.
//
// A finding is about what the profile says, not about how it is enforced: rules that cannot
// count, conditions without effect, calls that pass or fail for bits that the kernel does
// not read (package arguments), syscalls that weaken the whole profile.
package lint
