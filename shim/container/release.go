package container

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// release implements child. libcontainer's init writes a byte to a FIFO, which blocks
// until release reads the byte. release returns false if init ended before it wrote.
//
// libcontainer's own Exec opens the FIFO by an open(2) that never returns if init is
// dead, in a goroutine that nothing ends. That does not matter to runc, which exits; a
// shim would lose a thread for each container that is killed before its start.
func (c *libcontainerChild) release(gone <-chan struct{}) (bool, error) {
	// Open read-write: with no other writer a read-only end would return EOF at once.
	fifo, err := os.OpenFile(c.fifo, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false, err
	}
	defer fifo.Close()
	read := make(chan struct{})
	defer close(read)
	go func() {
		select {
		case <-gone:
			_ = fifo.SetReadDeadline(time.Now()) // a FIFO has deadlines
		case <-read:
		}
	}()
	_, err = fifo.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) && !hasByte(fifo) {
		return false, nil
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return false, err
	}
	// By the missing file libcontainer tells a running container from a created one.
	if err := os.Remove(c.fifo); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return true, nil
}

// hasByte reports whether init has written its byte although it is dead by now: the
// user's program may have ended before release read the byte.
func hasByte(fifo *os.File) bool {
	n := 0
	err := fifo.SetReadDeadline(time.Time{})
	if err != nil {
		return false
	}
	raw, err := fifo.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(fd uintptr) bool {
		n, _ = unix.Read(int(fd), make([]byte, 1))
		return true // one attempt: never wait
	})
	return err == nil && n == 1
}
