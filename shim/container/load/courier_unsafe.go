package load

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// courier is a thread that is not under the filter and brings the listener to
// the shim. It enters nothing of the Go runtime either, since it must not need
// the other thread for anything.
type courier struct {
	running   uint32
	listener  uint32 // the descriptor; 0 while there is none
	delivered uint32

	message unix.Msghdr
	data    [1]byte
	vector  unix.Iovec
	control []byte
	pause   unix.Timespec
}

// startCourier returns when the thread runs.
func startCourier() *courier {
	c := &courier{
		data:    [1]byte{messageListener},
		control: unix.UnixRights(0), // the number is filled in later
		pause:   unix.NsecToTimespec(int64(20 * time.Microsecond)),
	}
	c.vector.Base = &c.data[0]
	c.vector.SetLen(len(c.data))
	c.message.Iov = &c.vector
	c.message.SetIovlen(1)
	c.message.Control = unsafe.SliceData(c.control)
	c.message.SetControllen(len(c.control))
	runtime.GOMAXPROCS(2)
	go c.run()
	for atomic.LoadUint32(&c.running) == 0 {
		time.Sleep(time.Microsecond)
	}
	return c
}

// run ends the process if the shim does not take the listener.
//
//go:nosplit
//go:norace
func (c *courier) run() {
	atomic.StoreUint32(&c.running, 1)
	for atomic.LoadUint32(&c.listener) == 0 {
		syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&c.pause)), 0, 0)
	}
	*(*uint32)(unsafe.Add(unsafe.Pointer(c.message.Control), unix.SizeofCmsghdr)) = c.listener
	_, _, errno := syscall.RawSyscall(unix.SYS_SENDMSG, FD, uintptr(unsafe.Pointer(&c.message)), 0)
	if errno == 0 {
		var n uintptr
		n, _, errno = syscall.RawSyscall(unix.SYS_READ, FD, uintptr(unsafe.Pointer(&c.data)), 1)
		if n != 1 || c.data[0] != answerGo {
			errno = unix.EPIPE
		}
	}
	if errno != 0 {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 255, 0, 0)
	}
	atomic.StoreUint32(&c.delivered, 1)
	for {
		syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&c.pause)), 0, 0)
	}
}
