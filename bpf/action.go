package bpf

import (
	"cmp"
	"fmt"
	"strings"
	"syscall"
)

// An Action is the word that a program returns, SECCOMP_RET_* of
// <linux/seccomp.h>: the kind of action in the upper 16 bits, data for it in
// the lower 16.
//
// The kernel kills the process for a kind that it does not know (the default case of
// __seccomp_filter, kernel/seccomp.c; before Linux 5.10, the thread).
type Action uint32

// The kinds, the strictest first. If a process has several filters, the kernel takes the
// strictest of their actions (seccomp_run_filters, which compares signed numbers).
const (
	KillProcess Action = 0x80000000 // SECCOMP_RET_KILL_PROCESS: end the process by SIGSYS
	KillThread  Action = 0x00000000 // SECCOMP_RET_KILL_THREAD: end the thread by SIGSYS
	Trap        Action = 0x00030000 // SECCOMP_RET_TRAP: send SIGSYS, with the data as si_errno
	Errno       Action = 0x00050000 // SECCOMP_RET_ERRNO: return the data as an error number
	UserNotif   Action = 0x7fc00000 // SECCOMP_RET_USER_NOTIF: ask the listener; ENOSYS without one
	Trace       Action = 0x7ff00000 // SECCOMP_RET_TRACE: ask the tracer, with the data as message; ENOSYS without one
	Log         Action = 0x7ffc0000 // SECCOMP_RET_LOG: run the syscall after logging it
	Allow       Action = 0x7fff0000 // SECCOMP_RET_ALLOW: run the syscall
)

const (
	kindMask = 0xffff0000 // SECCOMP_RET_ACTION_FULL
	maxErrno = 4095       // MAX_ERRNO
)

// ErrnoOf returns the action that makes the syscall return -errno. With errno 0 the syscall
// does nothing and returns 0.
func ErrnoOf(errno uint16) Action { return Errno | Action(errno) }

// Kind returns the action without its data: one of the constants above, or a
// kind that the kernel does not know.
func (a Action) Kind() Action { return a & kindMask }

// Data returns the lower 16 bits.
func (a Action) Data() uint16 { return uint16(a) }

// Enforced returns what the kernel enforces for a. All actions with the same effect have
// the same result: an unknown kind becomes KillProcess, an error number above MAX_ERRNO
// (4095) becomes MAX_ERRNO, and data without effect becomes 0. Two programs confine a
// process alike if their enforced actions agree.
func (a Action) Enforced() Action {
	switch a.Kind() {
	case Trap, Trace:
		return a
	case Errno:
		return ErrnoOf(min(a.Data(), maxErrno))
	case KillThread, UserNotif, Log, Allow:
		return a.Kind()
	}
	return KillProcess
}

// CompareStrictness orders actions as the kernel does if a process has several filters: the
// strictest first, which is the smallest signed number. Their data does not count: two error
// numbers are equally strict.
func CompareStrictness(a, b Action) int {
	return cmp.Compare(int32(a.Enforced().Kind()), int32(b.Enforced().Kind()))
}

// Looser reports whether a is less strict than b.
func (a Action) Looser(b Action) bool { return CompareStrictness(a, b) > 0 }

// MayRun reports whether the kernel may execute the syscall: at once, or after the listener
// has agreed. For Trace it returns false: without a tracer the syscall fails with ENOSYS.
func (a Action) MayRun() bool {
	switch a.Kind() {
	case Allow, Log, UserNotif:
		return true
	}
	return false
}

// String returns the kind's UAPI name, with the data if it has an effect, such as ALLOW,
// TRACE(1) or ERRNO(1 operation not permitted). An unknown kind is KILL_PROCESS with the
// number, such as KILL_PROCESS(0x12340000).
func (a Action) String() string {
	switch a.Kind() {
	case KillProcess:
		return "KILL_PROCESS"
	case KillThread:
		return "KILL_THREAD"
	case Trap:
		return fmt.Sprintf("TRAP(%d)", a.Data())
	case Errno:
		return fmt.Sprintf("ERRNO(%s)", errnoText(a.Enforced().Data()))
	case UserNotif:
		return "USER_NOTIF"
	case Trace:
		return fmt.Sprintf("TRACE(%d)", a.Data())
	case Log:
		return "LOG"
	case Allow:
		return "ALLOW"
	}
	return fmt.Sprintf("KILL_PROCESS(%#08x)", uint32(a))
}

// errnoText returns the number, followed by its meaning if it has one.
func errnoText(n uint16) string {
	text := syscall.Errno(n).Error()
	if strings.HasPrefix(text, "errno ") { // how package syscall shows 0 and unknown numbers
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d %s", n, text)
}
