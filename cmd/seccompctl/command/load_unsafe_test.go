package command

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// load loads a program for all threads, if there is one.
func load(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	runtime.LockOSThread() // no_new_privs belongs to a thread
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}
