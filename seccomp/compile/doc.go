// Package compile turns a [seccomp.Profile] into a [bpf.Program] that decides as the
// profile means.
//
//	profile, floor
//	  -> meaning             the action for every call, built once; with a floor, the stricter of two
//	  -> execve              refused if no program can start under the profile
//	  -> libseccomp          the syscalls that it knows and whose arguments matter
//	  -> emit.Prologue       the others, and newer ones, by their numbers
//	  -> check.Compare       equal to the meaning?
//	  -> emit.Prologue       re-emits the syscalls that differ, rule by rule
//	  -> check.Compare       equal, or refused
//	  -> denials.Mode        if the container is observed: the observed form of the program
//	  -> check.Compare       equal to the observed form of the meaning, or refused
//	  -> cache
//
// # libseccomp is not trusted
//
// Of 10,000 random profiles with two or three rules about one syscall's arguments,
// libseccomp 2.5.0, 2.5.4, 2.5.5 and 2.6.1 compile 1,078 to a program that decides that
// syscall otherwise than the profile says, 637 of these too weakly, and loop on 7
// (go test -run TestRepairs -v ./seccomp/compile -repairs 10000). runc and crun load these
// programs. Here the program is compared with [meaning.Meaning], for every possible call.
// Each syscall that differs is emitted again by package emit, and compared again.
// [Result.Reemitted] names them. If libseccomp fails, package emit emits the whole profile.
//
// # Old libraries
//
// The meaning of a profile does not depend on libseccomp's age. Package syscalls has the
// numbers of the syscalls since Linux 5.1, and libseccomp 2.5.0 and later agree about the
// older ones. Package emit emits the syscalls that libseccomp does not know. Only a
// libseccomp that is newer than package syscalls adds names of its own.
//
// # Time
//
// All limits are of effort: seconds of processor time for libseccomp, steps for the check.
// So they mean the same on a busy machine. Together they are below five seconds. [Deadline]
// is for a machine that cannot give as much.
//
// # Few instructions
//
// The kernel translates a filter to machine code at each load. That takes time in
// proportion to its length, for every container and every exec. libseccomp makes 1,250
// instructions of the default profile, one or more for each syscall. Most syscalls are
// decided by their number alone, and neighbours are decided alike: as spans of numbers with
// a binary search, and libseccomp's part for the arguments, it is less than half of that.
//
// # One program for two profiles
//
// An operator's floor ([Floor]) and a container's profile become one program, which is proven
// to take the stricter answer of both meanings ([meaning.Both]). Two filters in the kernel
// would do the same, but the first one would have to allow seccomp(2) for the second, and the
// promise that a profile need not allow any call of the runtime would not hold for the floor.
// libseccomp's part is that of the profile; what the floor has rules for is emitted by package
// emit.
//
// # What is refused
//
// A rule that denies a syscall whose name neither libseccomp nor package syscalls knows is
// an error: without the rule, as with runc, the syscall might run. The rule is left out, and
// the name is in [Result.Skipped], if the default action denies the syscall too, or if the
// rule does not deny: it allows, or it notifies an agent. A program above the kernel's 4,096
// instructions is an error.
//
// # The cache
//
// A [Compiler] keeps its answers on the node's disk, under a key of everything that is read
// here: each field of the profile, this binary, the library and its file, the kernel. The
// same input gives the same bytes, in any process. It keeps refusals too, since they depend
// on nothing else, and no other error. There is no second cache in memory: a hit on disk
// takes 0.1 ms, and a container asks once.
package compile
