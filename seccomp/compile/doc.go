// Package compile turns a [seccomp.Profile] into a [bpf.Program] that decides as
// the profile means. It holds the only cgo of the project besides libcontainer's.
//
//	profile
//	  -> libseccomp, in a process of its own    the syscalls that it knows and whose arguments count
//	  -> front                                  the others, and new ones, by their numbers
//	  -> check.Compare                          equal to the profile's meaning?
//	  -> front, with the syscalls that are not  these, from the rules one by one
//	  -> check.Compare                          equal, or refused
//	  -> cache
//
// # libseccomp is not trusted
//
// Of 10,000 random profiles with two or three rules about one syscall's arguments,
// libseccomp 2.5.0, 2.5.4, 2.5.5 and 2.6.1 alike compile 1,078 to a program that
// decides that syscall otherwise than the profile says, 637 of these too weakly, and
// on 7 they do not end (go test -run TestRepairs -v ./seccomp/compile -repairs 10000).
// Every other runtime installs what comes out. Here the program is compared with
// [meaning.Meaning], for every call; each syscall that differs is emitted again by
// this package, in the simplest way that there is, and compared again. [Result.Own]
// tells which.
//
// libseccomp cannot be stopped when it hangs, and memory that it corrupts is the
// process's. So it runs in a child, this binary once more ([Helper]), with limits of
// memory (128 MiB) and of processor time (2 seconds), in the shim's cgroup. If it reaches a limit, crashes or makes no program,
// this package emits all of the profile.
//
// # Old libraries
//
// What a profile means does not depend on libseccomp's age. The numbers of the
// syscalls since Linux 5.1 are those of package syscalls, and libseccomp 2.5.0 and later
// agree about the older ones. This package emits the syscalls that libseccomp does not
// know. Only a libseccomp that is newer than package syscalls adds names of its own.
//
// # Time
//
// All limits are of effort, so that they mean the same on a machine that has no time:
// seconds of processor time for libseccomp, steps for the check. Together they are
// below five seconds. [Deadline] is there for a machine that cannot give as much.
//
// # Few instructions
//
// The kernel translates a filter to machine code at each load, which takes time
// in proportion to its length, for every container and every exec. libseccomp makes
// 1,250 instructions of the default profile, one or more for each of its numbers.
// Most of these need no look at arguments, and lie side by side: as spans of numbers
// and a search by halving, with libseccomp's part for the arguments, it is less
// than half of that.
//
// # What is refused
//
// A rule that denies a syscall whose name nobody knows, neither libseccomp nor package
// syscalls, is an error: without the rule, as with runc, the syscall might run. The
// rule is left out, and the name is in [Result.Skipped], if the syscall is denied all
// the same, by the default action, or if the rule does not deny: it allows, or it
// notifies an agent. A program above the kernel's 4,096 instructions is an error.
//
// # The cache
//
// [Cached] remembers programs under a key of everything that is read here: each
// field of the profile, this binary, the library and its file, the kernel. The same
// input gives the same bytes, in any process. It remembers a refusal in the same
// way, since only these are the reason of one, and no other error.
package compile
