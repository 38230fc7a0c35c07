// Package libseccomp runs the C library libseccomp: its compiler in a child process, and its
// tables of syscalls in this one. It holds the only cgo of this project besides
// libcontainer's.
//
// The child is this binary once more ([Helper]). libseccomp cannot be stopped when it loops,
// since a thread inside C cannot; and some releases corrupt memory on large profiles
// (GHSA-46fr-jh49-xvhx, GHSA-2hqh-5c36-grrm), which must not be the shim's. The child has
// limits of memory (128 MiB) and of processor time (2 seconds), and is in the shim's cgroup.
// If it reaches a limit, crashes or makes no program, [Compile] returns an [*Error].
package libseccomp
