package stdio

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/poll"
)

// sink is the client's end of an output.
type sink struct {
	file *os.File
	// hold is the shim's own reading end of a FIFO, nil for other files. It prevents EPIPE
	// after the client has gone, and keeps unread bytes for a client that comes back, such
	// as a restarted containerd.
	hold   *os.File
	direct bool // the process writes to file itself: a pipe that a logging binary reads
}

func (s sink) Close() {
	s.file.Close()
	if s.hold != nil {
		s.hold.Close()
	}
}

// openSink opens the client's end of an output, stdout or stderr by name.
func (o *IO) openSink(name, uri string) (dst sink, err error) {
	u, err := url.Parse(uri)
	if err != nil {
		return sink{}, err
	}
	switch u.Scheme {
	case "", "fifo":
		return openFifoOrFile(u.Path)
	case "file":
		dst.file, err = openLogFile(u.Path)
		return dst, err
	case "binary", "binary-v2":
		// One logging binary serves stdout and stderr. The URI of the first starts it.
		if o.logger == nil {
			if o.logger, err = startLogger(u, o.owner); err != nil {
				return sink{}, err
			}
		}
		return sink{file: o.logger.takeWriter(name), direct: true}, nil
	}
	return sink{}, fmt.Errorf("unknown scheme %q (known: fifo, file, binary, binary-v2)", u.Scheme)
}

func openLogFile(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
}

func openFifoOrFile(path string) (dst sink, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return sink{}, err
	}
	if info.Mode().Type() == os.ModeNamedPipe {
		return openFifo(path)
	}
	dst.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	return dst, err
}

// openFifo opens the client's FIFO.
func openFifo(path string) (s sink, err error) {
	// Look for the client first: after hold is open, every FIFO has a reader.
	client := awaitClient(path)
	// Open hold before file: a FIFO without a reader cannot be opened for writing without
	// waiting.
	if s.hold, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0); err == nil {
		s.file, err = os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	}
	if client != nil {
		client.Close() // after file is open: without a writer the client would read EOF
	}
	if err != nil && s.hold != nil {
		s.hold.Close()
	}
	return s, err
}

// clientPatience is how long to wait for the client to open its end of an output.
const clientPatience = time.Second

// awaitClient returns a writing end of a FIFO that a client reads, or nil if no client
// has come within clientPatience. Clients open their end in the background. A client that
// comes after everything was written and closed would wait forever in open(2).
//
// A client that waits in open(2) causes no event: inotify reports an open when it has
// succeeded. An open(2) without O_NONBLOCK would wait for the client, but take a thread
// that nothing can interrupt if the FIFO's path is removed.
func awaitClient(path string) (w *os.File) {
	poll.Until(time.Millisecond, clientPatience, func() bool {
		var err error
		w, err = os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		return !errors.Is(err, unix.ENXIO)
	})
	return w
}
