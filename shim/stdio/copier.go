package stdio

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Buffers live as long as a stream is open, two for each process of a pod, so
// they are small; a pipe holds 64 KiB more.
const bufferSize = 8 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// copier moves one output from the process to the client, until src ends or it is
// cut. It owns both files.
type copier struct {
	src, dst *os.File
	reader   reader

	started   atomic.Bool
	moved     atomic.Int64   // grows when dst is written to, or read by the client
	exits     chan time.Time // holds the end of the grace once the process is gone
	delivered chan struct{}  // closed when the client has read what came before the exit
	done      chan struct{}
	closed    sync.Once
}

func newCopier(src *os.File, dst sink) *copier {
	return &copier{
		src:       src,
		dst:       dst.file,
		reader:    reader{hold: dst.hold},
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

// flush moves what already waits in src. A deadline makes Read give up before
// it looks, so bytes may be left when dst was slow.
func (c *copier) flush(buf []byte) {
	// No more than that: somebody may go on writing.
	for left := unread(c.src); left > 0; {
		c.src.SetReadDeadline(time.Time{})
		n, err := readOnce(c.src, buf)
		if err != nil || n == 0 || !c.write(buf[:n]) {
			return
		}
		left -= n
	}
}

// readOnce is a read(2) that never waits: EAGAIN says that a FIFO has a writer and
// nothing to read, no bytes and no error that it has no writer.
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

func (c *copier) write(b []byte) bool {
	for {
		n, err := c.dst.Write(b)
		c.moved.Add(int64(n))
		b = b[n:]
		if !errors.Is(err, unix.EPIPE) || !c.reader.held() {
			return err == nil
		}
	}
}

// awaitReader returns when the client has read all, or the stream is cut.
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

// unread returns how many bytes wait in a FIFO or pipe; none in other files.
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

// exited tells that the process is gone. What it has written is delivered, which
// closes c.delivered; then src may go on until end.
func (c *copier) exited(end time.Time) {
	c.exits <- end
	_ = c.src.SetReadDeadline(time.Now())
}

// endAt lets src deliver until t.
func (c *copier) endAt(t time.Time) {
	// A file that the poller cannot watch has no deadline, and no need of one:
	// it is a regular file, which never blocks.
	_ = c.src.SetReadDeadline(t)
}

// close cuts the stream. It may be called at any time, also instead of run.
func (c *copier) close() {
	c.closed.Do(func() {
		c.src.Close()
		c.dst.Close()
		c.reader.close()
	})
}
