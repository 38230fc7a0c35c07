package load

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is the kernel's struct sigaction; rest has room for all its other fields.
type sigaction struct {
	handler uintptr
	rest    [7]uintptr
}

const (
	lastSignal   = 64
	sigsetSize   = 8
	defaultOrIgn = 1 // SIG_DFL is 0, SIG_IGN is 1
)

// resetHandlers gives each signal that has a handler its default action, as execve would
// (execve(2)). Ignored signals stay ignored.
func resetHandlers() {
	for signal := uintptr(1); signal <= lastSignal; signal++ {
		var action sigaction
		_, _, errno := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, signal, 0, uintptr(unsafe.Pointer(&action)), sigsetSize, 0, 0)
		if errno != 0 || action.handler <= defaultOrIgn {
			continue
		}
		action = sigaction{}
		syscall.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&action)), 0, sigsetSize, 0, 0)
	}
}
