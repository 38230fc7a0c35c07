package bpf

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// setModeFilter is seccomp(SECCOMP_SET_MODE_FILTER, flags, raw) for the calling
// thread. With SECCOMP_FILTER_FLAG_TSYNC a positive result is the thread that
// kept the filter from being installed.
func setModeFilter(flags uintptr, raw []byte) (int, unix.Errno) {
	fprog := unix.SockFprog{
		Len:    uint16(len(raw) / instructionSize),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw))),
	}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
	return int(r), errno
}
