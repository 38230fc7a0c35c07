package observe

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// notification is struct seccomp_notif of <linux/seccomp.h>, with room for fields that a
// later kernel adds at the end.
type notification struct {
	id    uint64
	pid   uint32 // of the thread, in the pid namespace of the shim
	flags uint32
	data  seccompData
	_     [spare]byte
}

type seccompData struct {
	nr                 int32
	arch               uint32
	instructionPointer uint64
	args               [6]uint64
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	value int64
	error int32
	flags uint32
	_     [spare]byte
}

const spare = 256

// checkSizes returns an error if this kernel's structures do not fit into ours.
func checkSizes() error {
	var sizes struct{ notif, resp, data uint16 }
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes))); errno != 0 {
		return fmt.Errorf("seccomp(SECCOMP_GET_NOTIF_SIZES): %w", errno)
	}
	if uintptr(sizes.notif) > unsafe.Sizeof(notification{}) || uintptr(sizes.resp) > unsafe.Sizeof(response{}) ||
		uintptr(sizes.data) != unsafe.Sizeof(seccompData{}) {
		return fmt.Errorf("this kernel's seccomp notifications have unknown sizes: %+v", sizes)
	}
	return nil
}

// call returns the call that the notification is about.
func (n *notification) call() bpf.Data {
	return bpf.Data{Nr: uint32(n.data.nr), Arch: bpf.Arch(n.data.arch), InstructionPointer: n.data.instructionPointer, Args: n.data.args}
}

// receive reads the next notification of a listener that polls as readable.
func receive(listener int, n *notification) error {
	*n = notification{} // the kernel demands zeros
	return notifyIoctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(n))
}

// send answers a notification. The error is ENOENT if the call does not wait any more.
func send(listener int, r *response) error {
	return notifyIoctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(r))
}

// waits reports whether the call of a notification still waits, so that its thread's id is
// not that of another thread.
func waits(listener int, id uint64) bool {
	return notifyIoctl(listener, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&id)) == nil
}

// wakeSynchronously asks the kernel to wake the other side on the processor of this one
// (Linux 6.6), which makes a refused call faster. Without it everything works.
func wakeSynchronously(listener int) {
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
}

func notifyIoctl(listener int, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

// isPassing reports whether an error of receive concerns one notification only: its call was
// interrupted meanwhile, or a signal came to the shim.
func isPassing(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINTR) }
