package stdio

import (
	"fmt"
	"os"
	"slices"
)

// openOutputs opens the client's ends of stdout and stderr, and makes the pipes that the
// process writes to.
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
	if dst.direct {
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

// pipe makes a pipe between the shim and the process. The shim's end stays in the
// runtime's poller, so that a blocked copy can be cut. Both ends belong to the owner, so
// that a process of another user may reopen its end through /proc/self/fd.
func (o *IO) pipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if o.owner.UID == 0 && o.owner.GID == 0 {
		return r, w, nil
	}
	// Both ends are one inode.
	if err := r.Chown(o.owner.UID, o.owner.GID); err != nil {
		r.Close()
		w.Close()
		return nil, nil, err
	}
	return r, w, nil
}

// clientReads reports whether the client reads an output. It is false for a terminal,
// which the end of its input would hang up.
func (o *IO) clientReads() bool {
	return !o.streams.Terminal && slices.ContainsFunc(o.copies, func(c *copier) bool {
		return c.readEnd.held() && !c.readEnd.gone(c.dst)
	})
}
