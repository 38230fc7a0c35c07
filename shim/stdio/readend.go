package stdio

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// readEnd is the shim's own reading end of a client's FIFO. It finds out whether the FIFO
// has another reader.
type readEnd struct {
	mu   sync.Mutex
	hold *os.File // see sink; nil once closed; guarded by mu
}

// gone reports whether nobody reads the FIFO; dst is the shim's writing end. The kernel
// reports POLLERR for it when the last reading end is closed, so gone closes hold for a
// moment. Unread bytes stay in the FIFO, which has a writer.
func (r *readEnd) gone(dst *os.File) (gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hold == nil {
		return false
	}
	_ = control(dst, func(fd uintptr) error {
		r.hold.Close()
		ours := []unix.PollFd{{Fd: int32(fd)}}
		_, err := unix.Poll(ours, 0)
		gone = err == nil && ours[0].Revents&unix.POLLERR != 0
		// By descriptor: the client may have removed the FIFO's path.
		r.hold, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDONLY|unix.O_NONBLOCK, 0)
		return err
	})
	return gone
}

// held reports whether the shim has a reading end. Then an EPIPE is no end of the stream:
// the write came while gone had hold closed.
func (r *readEnd) held() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hold != nil
}

func (r *readEnd) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hold != nil {
		r.hold.Close()
		r.hold = nil
	}
}
