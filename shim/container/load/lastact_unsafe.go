package load

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// execve is a call of execve(2), ready to be made.
type execve struct {
	name      string
	path      *byte
	args, env []*byte
}

func newExecve(path string, args, env []string) (*execve, error) {
	call := &execve{name: path}
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
	return call, nil
}

// words returns the addresses that are execve's arguments. They stay valid: Go's collector
// moves no object, and the last act keeps these reachable.
func (e *execve) words() [3]uint64 {
	return [3]uint64{
		uint64(uintptr(unsafe.Pointer(e.path))),
		uint64(uintptr(unsafe.Pointer(unsafe.SliceData(e.args)))),
		uint64(uintptr(unsafe.Pointer(unsafe.SliceData(e.env)))),
	}
}

// sharedWords is the page, mapped into the process.
type sharedWords [words]uint32

func mapWords(fd int) (*sharedWords, error) {
	memory, err := unix.Mmap(fd, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the shim's page: %w", os.NewSyscallError("mmap", err))
	}
	return (*sharedWords)(unsafe.Pointer(unsafe.SliceData(memory))), nil
}

// lastAct holds the arguments of the last system calls, so that run need not allocate.
type lastAct struct {
	ready   []byte // the message that precedes them
	tasks   []int
	itself  []byte // what a thread writes to a tasks file to move itself
	limits  []limit
	program unix.SockFprog // empty for no filter
	flags   uintptr
	listens bool
	call    *execve
	page    *sharedWords
}

func newLastAct(o Order, tasks []int, call *execve, page *sharedWords) *lastAct {
	return &lastAct{
		ready: append([]byte{messageReady}, Execve{Path: call.name, Args: call.words()}.encode()...),
		program: unix.SockFprog{
			Len:    uint16(len(o.Program) / instructionSize),
			Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(o.Program))),
		},
		tasks:   tasks,
		itself:  []byte("0"),
		limits:  kernelLimits(o.Limits),
		flags:   uintptr(o.Flags),
		listens: o.listens(),
		call:    call,
		page:    page,
	}
}

// limit is a call of prlimit(2), ready to be made.
type limit struct {
	resource uintptr
	values   unix.Rlimit
}

func kernelLimits(limits []Limit) []limit {
	all := make([]limit, 0, len(limits))
	for _, l := range limits {
		all = append(all, limit{uintptr(l.Resource), unix.Rlimit{Cur: l.Soft, Max: l.Hard}})
	}
	return all
}

// run joins the cgroups, sets the limits, loads the filter and calls execve. It returns only if it cannot
// send the message that the process is ready. It does not enter the Go runtime: see the
// package comment.
//
//go:nosplit
//go:norace
func (l *lastAct) run() syscall.Errno {
	_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, FD, uintptr(unsafe.Pointer(unsafe.SliceData(l.ready))), uintptr(len(l.ready)))
	if errno != 0 {
		return errno
	}
	l.join()
	l.limit()
	if l.program.Len > 0 {
		l.load()
	}
	// An agent, a network file system or FUSE may make execve fail with EINTR, which a
	// filter may even answer each time.
	errno = unix.EINTR
	for attempts := 0; errno == unix.EINTR && attempts < maxAttempts; attempts++ {
		_, _, errno = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(l.call.path)),
			uintptr(unsafe.Pointer(unsafe.SliceData(l.call.args))), uintptr(unsafe.Pointer(unsafe.SliceData(l.call.env))))
	}
	atomic.StoreUint32(&l.page[wordFailed], uint32(errno)+1)
	end()
	return 0
}

// maxAttempts limits how often an interrupted execve is repeated.
const maxAttempts = 10_000

// join moves this thread to the cgroups of the tasks files. The others end with execve, and
// the process is in the cgroups of this one.
//
//go:nosplit
//go:norace
func (l *lastAct) join() {
	for i := range l.tasks {
		_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, uintptr(l.tasks[i]), uintptr(unsafe.Pointer(unsafe.SliceData(l.itself))), 1)
		if errno != 0 {
			atomic.StoreUint32(&l.page[wordTasksErrno], uint32(errno))
			atomic.StoreUint32(&l.page[wordTasks], uint32(i)+1)
			end()
		}
	}
}

// limit sets the resource limits.
//
//go:nosplit
//go:norace
func (l *lastAct) limit() {
	for i := range l.limits {
		_, _, errno := syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, l.limits[i].resource, uintptr(unsafe.Pointer(&l.limits[i].values)), 0, 0, 0)
		if errno != 0 {
			atomic.StoreUint32(&l.page[wordLimitErrno], uint32(errno))
			atomic.StoreUint32(&l.page[wordLimit], uint32(i)+1)
			end()
		}
	}
}

// load loads the filter. With a listener it returns when the shim has delivered it: until
// then it spins, since the filter may deny any system call that waits.
//
//go:nosplit
//go:norace
func (l *lastAct) load() {
	listener, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, l.flags, uintptr(unsafe.Pointer(&l.program)))
	if errno != 0 {
		atomic.StoreUint32(&l.page[wordRefused], uint32(errno))
		end()
	}
	if !l.listens {
		return
	}
	atomic.StoreUint32(&l.page[wordListener], uint32(listener)+1)
	for {
		switch atomic.LoadUint32(&l.page[wordResume]) {
		case resumeExecve:
			return
		case resumeEnd:
			end()
		}
	}
}

// end ends the process. The filter may be in force, and may deny each of the calls.
//
//go:nosplit
//go:norace
func end() {
	const status = 255
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, status, 0, 0)
	syscall.RawSyscall(unix.SYS_EXIT, status, 0, 0)
	// A fault needs no system call, and SIGSEGV has no handler any more.
	for {
		*(*byte)(nil) = 0
	}
}
