package stdio

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/poll"
)

// emptyPatience is how long stdin waits for a client that reads an output, but does not
// have stdin open at the start. It has to be long enough for ctr run -d, which ends after
// the start, and whose outputs are then read by nobody.
const emptyPatience = 2 * time.Second

// input copies the client's stdin to the process, and owns both files. The package
// comment says when it opens the FIFO, and when stdin ends.
type input struct {
	// dst is the pipe to the process, or the master side of its terminal.
	dst *os.File
	// fifo refers to the FIFO until the start, without being an end of it (O_PATH). It is
	// nil for other files, which newInput opens at once.
	fifo   *os.File
	opened chan struct{} // closed when src is open
	cut    chan struct{} // closed by close

	mu    sync.Mutex
	src   *os.File // guarded by mu until opened is closed
	hold  *os.File // the shim's writing end of the FIFO; guarded by mu
	ended bool     // end was called; guarded by mu
}

// openStdin finds the client's end of stdin, and makes the process's.
func (o *IO) openStdin() (err error) {
	if o.input, err = newInput(o.streams.Stdin); err != nil || o.streams.Terminal {
		return err // attachTerminal sets dst to the terminal
	}
	o.Stdin, o.input.dst, err = o.pipe()
	return err
}

// newInput finds the client's stdin. It opens it unless it is a FIFO.
func newInput(path string) (*input, error) {
	i := &input{opened: make(chan struct{}), cut: make(chan struct{})}
	name, err := os.OpenFile(path, unix.O_PATH, 0)
	if err != nil {
		return nil, err
	}
	info, err := name.Stat()
	if err == nil && info.Mode().Type() == os.ModeNamedPipe {
		i.fifo = name
		return i, nil
	}
	defer name.Close()
	if err == nil && info.IsDir() {
		err = unix.EISDIR
	}
	if err == nil {
		i.src, err = reopen(name, os.O_RDONLY)
		close(i.opened)
	}
	return i, err
}

// open opens the FIFO, unless it is open already.
func (i *input) open() (err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.src != nil {
		return nil
	}
	if i.src, err = reopen(i.fifo, os.O_RDONLY); err != nil {
		return err
	}
	close(i.opened)
	return i.fifo.Close()
}

// run copies until stdin ends or is cut. If dst fails, run drops what it reads.
// clientReads reports whether the client reads an output.
func (i *input) run(clientReads func() bool) {
	defer i.close()
	select {
	case <-i.opened:
	case <-i.cut:
		return
	}
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	var dst io.Writer = i.dst
	for n, err := i.first(buf[:], clientReads); ; n, err = i.src.Read(buf[:]) {
		if _, failed := dst.Write(buf[:n]); failed != nil {
			dst = io.Discard // EPIPE: the process has closed its stdin
		}
		if err != nil {
			return
		}
	}
}

// first is the first read, which may return no bytes without an error. It also decides
// whether the shim holds a writing end: once it does, read(2) no longer shows whether a
// client has the FIFO open.
func (i *input) first(buf []byte, clientReads func() bool) (n int, err error) {
	if i.fifo == nil {
		return i.src.Read(buf)
	}
	decided := poll.Until(10*time.Millisecond, emptyPatience, func() bool {
		ended := i.isEnded() // before the read: a client calls CloseStdin after its last write
		n, err = readOnce(i.src, buf)
		switch {
		case n > 0, errors.Is(err, unix.EAGAIN): // there is a writer
			i.holdOpen()
			err = nil
		case err != nil:
		case ended:
			err = io.EOF
		case clientReads():
			return false // it may still open stdin
		default: // it may come back
			i.holdOpen()
		}
		return true
	})
	if !decided {
		return 0, io.EOF
	}
	return n, err
}

// holdOpen makes stdin outlive its clients, until end is called. Best effort: without a
// free descriptor, stdin ends when the present client closes it.
func (i *input) holdOpen() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.ended {
		i.hold, _ = reopen(i.src, os.O_WRONLY)
	}
}

// end makes stdin end as soon as no client has it open.
func (i *input) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
	if i.hold != nil {
		i.hold.Close()
		i.hold = nil
	}
}

func (i *input) isEnded() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ended
}

// endAt ends stdin at t.
func (i *input) endAt(t time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.src != nil {
		_ = i.src.SetReadDeadline(t) // it fails for a regular file, which never blocks
	}
}

// close cuts stdin. It may be called at any time, also if run is never called.
func (i *input) close() {
	i.end()
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.cut:
		return
	default:
		close(i.cut)
	}
	for _, f := range []*os.File{i.fifo, i.src, i.dst} {
		if f != nil {
			f.Close()
		}
	}
}
