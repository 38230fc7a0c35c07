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

// copier moves one stream from src to dst until src ends or it is cut. It owns both.
type copier struct {
	src, dst *os.File
	output   bool // from the process to the client

	started atomic.Bool
	moved   atomic.Int64 // bytes written to dst
	done    chan struct{}
	closed  sync.Once
}

func newCopier(src, dst *os.File, output bool) *copier {
	return &copier{src: src, dst: dst, output: output, done: make(chan struct{})}
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
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.flush(buf[:])
			}
			return
		}
	}
}

// flush moves what already waits in src. A deadline makes Read give up before
// it looks, so bytes may be left when dst was slow.
func (c *copier) flush(buf []byte) {
	raw, err := c.src.SyscallConn()
	if err != nil {
		return
	}
	for {
		n := 0
		c.src.SetReadDeadline(time.Time{})
		err := raw.Read(func(fd uintptr) bool {
			n, _ = unix.Read(int(fd), buf)
			return true // one attempt: never wait
		})
		if err != nil || n <= 0 || !c.write(buf[:n]) {
			return
		}
	}
}

func (c *copier) write(b []byte) bool {
	n, err := c.dst.Write(b)
	c.moved.Add(int64(n))
	return err == nil
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
	})
}
