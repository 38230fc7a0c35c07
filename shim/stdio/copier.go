package stdio

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Buffers are small, since a pod has two for each process as long as its streams are
// open. A pipe holds 64 KiB more.
const bufferSize = 8 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// copier copies one output from the process to the client, until src ends or close is
// called. It owns both files.
type copier struct {
	src, dst *os.File
	readEnd  readEnd

	started   atomic.Bool
	moved     atomic.Int64   // grows when dst is written to, or read by the client
	exits     chan time.Time // receives the end of the grace when the process has ended
	delivered chan struct{}  // closed when the client has read what came before the exit
	done      chan struct{}
	closed    sync.Once
}

func newCopier(src *os.File, dst sink) *copier {
	return &copier{
		src:       src,
		dst:       dst.file,
		readEnd:   readEnd{hold: dst.hold},
		exits:     make(chan time.Time, 1),
		delivered: make(chan struct{}),
		done:      make(chan struct{}),
	}
}

func (c *copier) run() {
	defer close(c.done)
	defer c.close()
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := c.src.Read(buf[:])
		if !c.write(buf[:n]) {
			return
		}
		if err == nil {
			continue
		}
		timeout := errors.Is(err, os.ErrDeadlineExceeded)
		if timeout {
			c.flush(buf[:])
		}
		c.awaitReader()
		select {
		case end := <-c.exits:
			close(c.delivered)
			if timeout {
				c.endAt(end)
				continue
			}
		default:
		}
		return
	}
}

// flush copies the bytes that are in src already. After its deadline Read fails without
// reading, so bytes may be left if dst was slow.
func (c *copier) flush(buf []byte) {
	// No more than these: a child of the process may go on writing.
	for left := unread(c.src); left > 0; {
		c.src.SetReadDeadline(time.Time{})
		n, err := readOnce(c.src, buf)
		if err != nil || n == 0 || !c.write(buf[:n]) {
			return
		}
		left -= n
	}
}

func (c *copier) write(b []byte) bool {
	for {
		n, err := c.dst.Write(b)
		c.moved.Add(int64(n))
		b = b[n:]
		if !errors.Is(err, unix.EPIPE) || !c.readEnd.held() {
			return err == nil
		}
	}
}

// awaitReader returns when the client has read everything, or the stream is cut.
//
// It polls: poll(2) has no event for an empty pipe, and inotify (IN_ACCESS) would take an
// instance in each shim, of the 128 that root has on a node
// (fs.inotify.max_user_instances).
func (c *copier) awaitReader() {
	pause := time.Millisecond
	for before := unread(c.dst); before > 0; {
		time.Sleep(pause)
		pause = min(2*pause, 256*time.Millisecond)
		if left := unread(c.dst); left != before {
			c.moved.Add(1)
			pause, before = time.Millisecond, left
		}
	}
}

// exited is called when the process has ended. The copier delivers what the process has
// written, then closes delivered; after that src may go on until end.
func (c *copier) exited(end time.Time) {
	c.exits <- end
	_ = c.src.SetReadDeadline(time.Now())
}

// endAt ends src at t.
func (c *copier) endAt(t time.Time) {
	// It fails for a regular file, which needs no deadline since it never blocks.
	_ = c.src.SetReadDeadline(t)
}

// close cuts the stream. It may be called at any time, also if run is never called.
func (c *copier) close() {
	c.closed.Do(func() {
		c.src.Close()
		c.dst.Close()
		c.readEnd.close()
	})
}
