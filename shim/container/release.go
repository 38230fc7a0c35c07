package container

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// release lets a created init go on to the user's program: libcontainer's init
// writes a byte to a FIFO, which blocks until somebody reads. It returns false
// if init ended before.
//
// libcontainer's own Exec opens the FIFO by an open(2) that blocks for ever if
// init is dead, in a goroutine that nobody ends: runc exits then, a shim would
// lose a thread for each container that is killed before its start.
func (c *libcontainerChild) release(gone <-chan struct{}) (bool, error) {
	// A reader that is a writer too never sees an end before the byte comes.
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
	// Its absence is how libcontainer tells a running container from a created one.
	if err := os.Remove(c.fifo); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return true, nil
}

// hasByte reports whether a byte came although init is dead by now: a program may
// end before its start has been noticed.
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
