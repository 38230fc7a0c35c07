package integration

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// execWithoutClone3 becomes the shim at path under a filter by which clone3(2) fails with
// ENOSYS, as before Linux 5.3, and with it CLONE_INTO_CGROUP. It returns only on failure.
func execWithoutClone3(path string) error {
	var a bpf.Assembler
	a.Load(bpf.OffsetNr)
	a.If(bpf.Equal, unix.SYS_CLONE3, "fails", bpf.Next)
	a.Return(bpf.Allow)
	a.Mark("fails")
	a.Return(bpf.Errno | bpf.Action(unix.ENOSYS))
	program, err := a.Program()
	if err != nil {
		return err
	}
	raw := program.Bytes()
	filter := unix.SockFprog{Len: uint16(program.Len()), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	runtime.LockOSThread() // the filter is the thread's that calls execve
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&filter)))
	runtime.KeepAlive(raw)
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return errors.Join(errors.New("exec "+path), unix.Exec(path, os.Args, os.Environ()))
}
