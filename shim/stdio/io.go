package stdio

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Grace is how long the streams of an exited process stay open for output of its
// children.
const Grace = 10 * time.Second

// stall is how long [IO.Exited] and [IO.Close] wait for outputs that do not move. Close
// then cuts them.
const stall = time.Second

// Streams names a process's streams as containerd's task API does: by the path of a FIFO
// or file, or by a URI (fifo, file, binary, binary-v2). An empty name means /dev/null.
type Streams struct {
	Stdin, Stdout, Stderr string
	Terminal              bool // one pseudo terminal for all three; Stderr is ignored
}

// Owner has the container's ID and namespace, for logging binaries, and the owner of the
// process's ends of the pipes.
type Owner struct {
	ID, Namespace string
	UID, GID      int
}

// IO connects one process with its client.
//
// The order of calls: Open; give Stdin, Stdout and Stderr to the process, or for a
// terminal the socket of [NewConsoleSocket]; Start; OpenStdin when the client asks for
// the process's start; Exited when the process has ended; Close. If the process could not
// be made, Close follows Open.
type IO struct {
	// The process's ends; nil means /dev/null. All are nil for a terminal.
	Stdin, Stdout, Stderr *os.File

	streams Streams
	owner   Owner
	logger  *logger
	copies  []*copier
	input   *input // nil without stdin
	running sync.WaitGroup
	stuckAt atomic.Int64 // the sum of moved when drain found all stuck; -1 if it never did

	complains  bool     // KeepStderr was called
	complaints *os.File // the process's end of stderr, until Complain

	mu       sync.Mutex
	terminal *terminal // nil without one, and once closed; guarded by mu
}

// Open opens the client's ends, except for a FIFO of stdin, and makes the process's ends.
// On error nothing stays open.
func Open(streams Streams, owner Owner) (_ *IO, err error) {
	o := &IO{streams: streams, owner: owner}
	o.stuckAt.Store(-1)
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	if !streams.Terminal {
		if err := o.openOutputs(); err != nil {
			return nil, err
		}
	}
	if streams.Stdin != "" {
		if err := o.openStdin(); err != nil {
			return nil, fmt.Errorf("open stdin %q: %w", streams.Stdin, err)
		}
	}
	return o, nil
}

// Streams returns what Open was given.
func (o *IO) Streams() Streams { return o.streams }

// OpenStdin opens the client's stdin. Call it for the request to start the process, even
// if Start was called before; the package comment says why.
func (o *IO) OpenStdin() error {
	if o.input == nil {
		return nil
	}
	if err := o.input.open(); err != nil {
		return fmt.Errorf("open stdin %q: %w", o.streams.Stdin, err)
	}
	return nil
}

// Owner returns what Open was given.
func (o *IO) Owner() Owner { return o.owner }

// Start begins to copy. pty is the master side of the process's terminal, or nil; Start
// takes it over. Start closes Stdin, Stdout and Stderr: the process must have its own
// copies.
func (o *IO) Start(pty *os.File) error {
	if o.complains {
		o.keepStderr(o.Stderr)
	}
	o.closeProcessEnds()
	if pty != nil {
		if err := o.attachTerminal(pty); err != nil {
			return err
		}
		if o.complains {
			o.keepStderr(o.terminal.slave)
		}
	}
	for _, c := range o.copies {
		c.started.Store(true)
		o.running.Go(c.run)
	}
	if o.input != nil {
		o.running.Go(func() { o.input.run(o.clientReads) })
	}
	return nil
}

// Exited is called when the process has ended. It returns when the client has read what
// the process had written, or does not read: a client closes its ends as soon as it gets
// the exit. The streams end after [Grace] at the latest.
func (o *IO) Exited() {
	o.mu.Lock()
	t := o.terminal
	o.mu.Unlock()
	if t != nil {
		t.release()
	}
	end := time.Now().Add(Grace)
	for _, c := range o.copies {
		if t == nil {
			c.exited(end)
		} else {
			c.endAt(end) // a terminal's output ends with its last process
		}
	}
	if o.input != nil {
		o.input.endAt(end)
	}
	o.drain(func(c *copier) <-chan struct{} { return c.delivered }, end)
}

// CloseStdin ends the process's stdin once the client has closed its end too.
func (o *IO) CloseStdin() {
	if o.input != nil {
		o.input.end()
	}
}

// Resize sets the terminal's size in characters; without a terminal it does nothing.
func (o *IO) Resize(width, height uint16) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.terminal == nil {
		return nil
	}
	return o.terminal.resize(width, height)
}

// Close waits for outputs that still move, cuts those that are stuck, and closes
// everything.
func (o *IO) Close() error {
	o.closeProcessEnds()
	o.Complain("")
	o.drain(func(c *copier) <-chan struct{} { return c.done }, time.Time{})
	o.mu.Lock()
	if o.terminal != nil {
		o.terminal.close()
		o.terminal = nil
	}
	o.mu.Unlock()
	for _, c := range o.copies {
		c.close()
	}
	if o.input != nil {
		o.input.close()
	}
	o.running.Wait()
	if o.logger != nil {
		return o.logger.stop()
	}
	return nil
}

func (o *IO) closeProcessEnds() {
	for _, f := range []**os.File{&o.Stdin, &o.Stdout, &o.Stderr} {
		if *f != nil {
			(*f).Close()
			*f = nil
		}
	}
}
