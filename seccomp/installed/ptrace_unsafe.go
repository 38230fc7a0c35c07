package installed

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// filter reads one filter of a stopped process.
func filter(pid, index int) (LoadedFilter, error) {
	const instructionSize = 8 // sizeof(struct sock_filter)
	buf := make([]byte, bpf.MaxInstructions*instructionSize)
	n, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(pid), uintptr(index),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), 0, 0)
	if errno != 0 {
		return LoadedFilter{}, errno
	}
	program, err := bpf.Decode(buf[:n*instructionSize])
	if err != nil {
		return LoadedFilter{}, err
	}
	metadata := struct{ offset, flags uint64 }{offset: uint64(index)} // struct seccomp_metadata
	_, _, errno = unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_METADATA, uintptr(pid),
		unsafe.Sizeof(metadata), uintptr(unsafe.Pointer(&metadata)), 0, 0)
	if errno != 0 {
		return LoadedFilter{}, errno
	}
	return LoadedFilter{Program: program, Logs: metadata.flags&unix.SECCOMP_FILTER_FLAG_LOG != 0}, nil
}

// statusOf returns si_status of the result of waitid: the signal that stopped a thread, and
// in the bits above it a PTRACE_EVENT_*.
func statusOf(info *unix.Siginfo) int32 {
	type chld struct { // struct siginfo of SIGCHLD, the same for all 64-bit architectures
		signo, errno, code, _ int32
		pid, uid, status      int32
	}
	return (*chld)(unsafe.Pointer(info)).status
}

func ptrace(request, pid int, addr, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), addr, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
