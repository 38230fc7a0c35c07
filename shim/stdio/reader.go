package stdio

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// sink is the client's end of an output.
type sink struct {
	file *os.File
	// hold is our own reading end of a FIFO, nil for other files. With it a client
	// that goes away causes no EPIPE, and one that comes back, such as a restarted
	// containerd, finds what waited for it.
	hold  *os.File
	reads bool // a pipe that someone else reads: the process may have it for its own
}

func (s sink) Close() {
	s.file.Close()
	if s.hold != nil {
		s.hold.Close()
	}
}

// openFifo opens a FIFO of a client.
func openFifo(path string) (s sink, err error) {
	// Opened before our reading end, or every FIFO would have a reader.
	client := awaitClient(path)
	// A FIFO without reader cannot be opened for writing alone, without waiting.
	if s.hold, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0); err == nil {
		s.file, err = os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	}
	if client != nil {
		client.Close() // when the FIFO has another writer, lest the client sees an end
	}
	if err != nil && s.hold != nil {
		s.hold.Close()
	}
	return s, err
}

// reader tells whether a FIFO has a reader besides us.
type reader struct {
	mu   sync.Mutex
	hold *os.File // nil if the copier's dst is no FIFO, or closed
}

// gone reports whether nobody reads the FIFO that dst is our writing end of. The
// kernel says so by POLLERR, once our own reading end is closed. What waits in the
// FIFO stays, since it has a writer.
func (r *reader) gone(dst *os.File) (gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hold == nil {
		return false
	}
	_ = control(dst, func(fd uintptr) error {
		r.hold.Close()
		poll := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(poll, 0)
		gone = err == nil && poll[0].Revents&unix.POLLERR != 0
		// The client may have removed the FIFO's name.
		r.hold, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDONLY|unix.O_NONBLOCK, 0)
		return err
	})
	return gone
}

// held reports whether our own reading end is open, which an EPIPE in the middle
// of gone is no end of.
func (r *reader) held() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hold != nil
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hold != nil {
		r.hold.Close()
		r.hold = nil
	}
}
