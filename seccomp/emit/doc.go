// Package emit emits programs from the meaning of a profile, without libseccomp: syscalls
// that the number alone decides, by a binary search over spans of numbers, and syscalls
// whose arguments matter, by their rules one after the other. It is pure.
package emit
