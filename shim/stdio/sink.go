package stdio

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// clientPatience is how long to wait for the client to open its end of an output.
const clientPatience = time.Second

// openOutputs opens where stdout and stderr go, and the pipes that the process
// writes to.
func (o *IO) openOutputs() error {
	for _, out := range []struct {
		name, uri string
		process   **os.File
	}{
		{"stdout", o.streams.Stdout, &o.Stdout},
		{"stderr", o.streams.Stderr, &o.Stderr},
	} {
		if out.uri == "" {
			continue
		}
		if err := o.openOutput(out.name, out.uri, out.process); err != nil {
			return fmt.Errorf("open %s %q: %w", out.name, out.uri, err)
		}
	}
	return nil
}

func (o *IO) openOutput(name, uri string, process **os.File) error {
	dst, err := o.openSink(name, uri)
	if err != nil {
		return err
	}
	if dst.reads {
		*process = dst.file
		return nil
	}
	src, w, err := o.pipe()
	if err != nil {
		dst.Close()
		return err
	}
	*process = w
	o.copies = append(o.copies, newCopier(src, dst))
	return nil
}

// openSink opens the client's end of an output stream.
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
		// One logging binary serves stdout and stderr; stdout's URI starts it.
		if o.logger == nil {
			if o.logger, err = startLogger(u, o.owner); err != nil {
				return sink{}, err
			}
		}
		return sink{file: o.logger.takeWriter(name), reads: true}, nil
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

// awaitClient returns a writing end of a FIFO that a client reads. Clients open
// theirs in the background. One that comes after all has been written and closed
// would wait for ever. Nil means that no client has come for a while.
func awaitClient(path string) *os.File {
	for deadline := time.Now().Add(clientPatience); ; time.Sleep(time.Millisecond) {
		w, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			return w
		}
		if !errors.Is(err, unix.ENXIO) || time.Now().After(deadline) {
			return nil
		}
	}
}

// openStdin finds the client's end of stdin, and makes the process's.
func (o *IO) openStdin() (err error) {
	if o.input, err = newInput(o.streams.Stdin); err != nil || o.streams.Terminal {
		return err // a terminal is not there yet: attachTerminal brings it
	}
	o.Stdin, o.input.dst, err = o.pipe()
	return err
}
