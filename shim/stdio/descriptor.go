package stdio

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// control runs call with the file's descriptor. Unlike File.Fd it leaves the file in the
// runtime's poller.
func control(f *os.File, call func(fd uintptr) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = call(fd) }); err != nil {
		return err
	}
	return failed
}

// reopen opens the file of f once more, even if its path is gone.
func reopen(f *os.File, flag int) (opened *os.File, err error) {
	err = control(f, func(fd uintptr) error {
		opened, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), flag|unix.O_NONBLOCK, 0)
		return err
	})
	return opened, err
}

// readOnce is a read(2) that never waits. For a FIFO the error is EAGAIN if it has a writer
// and is empty; n is 0, without an error, if it has no writer.
func readOnce(f *os.File, buf []byte) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, failed = unix.Read(int(fd), buf)
		return true
	})
	return max(n, 0), errors.Join(err, failed)
}

// unread returns how many bytes a FIFO or pipe holds; 0 for other files.
func unread(f *os.File) (n int) {
	info, err := f.Stat()
	if err != nil || info.Mode().Type() != os.ModeNamedPipe {
		return 0
	}
	_ = control(f, func(fd uintptr) (err error) {
		n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ)
		return err
	})
	return n
}
