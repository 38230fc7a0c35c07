package load

import (
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// execve is a call of execve(2), ready to be made.
type execve struct {
	path      *byte
	args, env []*byte
	// failed is what to write to stderr if the call fails, by errno.
	failed [200][]byte
}

func newExecve(path string, args, env []string) (*execve, error) {
	call := &execve{}
	var err error
	if call.path, err = syscall.BytePtrFromString(path); err != nil {
		return nil, err
	}
	if call.args, err = syscall.SlicePtrFromStrings(args); err != nil {
		return nil, err
	}
	if call.env, err = syscall.SlicePtrFromStrings(env); err != nil {
		return nil, err
	}
	for i := range call.failed {
		call.failed[i] = []byte("exec " + path + ": " + syscall.Errno(i).Error() + ", under its seccomp filter (errno " + strconv.Itoa(i) + ")\n")
	}
	return call, nil
}

// filter is a call of seccomp(2), ready to be made.
type filter struct {
	program unix.SockFprog
	flags   uintptr
}

func newFilter(o Order) *filter {
	return &filter{
		program: unix.SockFprog{
			Len:    uint16(len(o.Program) / instructionSize),
			Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(o.Program))),
		},
		flags: uintptr(o.Flags),
	}
}

// loadAndExecve returns only if the kernel refuses the filter. It enters nothing
// of the Go runtime: see the package doc.
//
//go:nosplit
//go:norace
func (f *filter) loadAndExecve(call *execve, courier *courier) syscall.Errno {
	listener, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, f.flags, uintptr(unsafe.Pointer(&f.program)))
	if errno != 0 {
		return errno
	}
	if courier != nil {
		atomic.StoreUint32(&courier.listener, uint32(listener))
		for atomic.LoadUint32(&courier.delivered) == 0 {
		}
	}
	_, _, errno = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(call.path)),
		uintptr(unsafe.Pointer(unsafe.SliceData(call.args))), uintptr(unsafe.Pointer(unsafe.SliceData(call.env))))
	// The filter is in force, so all that follows may fail or end the process.
	text := call.failed[0]
	if int(errno) < len(call.failed) {
		text = call.failed[errno]
	}
	syscall.RawSyscall(unix.SYS_WRITE, 2, uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(len(text)))
	const status = 255
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, status, 0, 0)
	syscall.RawSyscall(unix.SYS_EXIT, status, 0, 0)
	// A fault needs no system call. Its signal has no handler any more.
	for {
		*(*byte)(nil) = 0
	}
}
