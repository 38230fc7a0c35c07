package stdio

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Grace is how long the streams of an exited process stay open for what its
// children still write.
const Grace = 10 * time.Second

// stall is how long a stream that moves nothing is watched, by [IO.Exited] and by
// [IO.Close], which cuts it then.
const stall = time.Second

// Streams names a process's streams as containerd's task API does: a FIFO or
// file by path, or a URI (fifo, file, binary, binary-v2). Empty means /dev/null.
type Streams struct {
	Stdin, Stdout, Stderr string
	Terminal              bool // one pseudo terminal for all three; Stderr is not used
}

// Owner says who asks, which logging binaries are told, and who owns the
// process's ends of the pipes.
type Owner struct {
	ID, Namespace string
	UID, GID      int
}

// IO connects one process with its client.
//
// Open, then hand Stdin, Stdout and Stderr to the process, or for a terminal
// the socket of [NewConsoleSocket]; then Start, or Close if the process did not
// come to life; Exited when it is gone; Close in the end. OpenStdin when the client
// asks for the process's start.
type IO struct {
	// The process's ends; nil means /dev/null. All nil for a terminal.
	Stdin, Stdout, Stderr *os.File

	streams Streams
	owner   Owner
	logger  *logger
	copies  []*copier
	input   *input // nil without stdin
	running sync.WaitGroup
	stuckAt atomic.Int64 // how much had moved when a drain gave up; -1 if none has

	complains  bool     // KeepStderr was called
	complaints *os.File // the process's end of stderr, until Complain

	mu       sync.Mutex
	terminal *terminal // nil without one, and once closed
}

// Open opens the client's ends, but for stdin, and makes the process's. On error
// nothing stays open.
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

// OpenStdin opens the client's stdin. It comes with the request to start the
// process, also if Start was called before, for the reason in the package comment.
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

// Start begins to copy. pty is the master side of the process's terminal, or
// nil; Start owns it from now on. The process must have its own copies of
// Stdin, Stdout and Stderr, which Start closes.
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

// Exited tells that the process is gone. It returns when the client has read what
// the process had written, or does not read: clients give their ends up as soon as
// they hear of the exit. The streams end after [Grace] at the latest.
func (o *IO) Exited() {
	o.mu.Lock()
	terminal := o.terminal
	o.mu.Unlock()
	if terminal != nil {
		terminal.release()
	}
	end := time.Now().Add(Grace)
	for _, c := range o.copies {
		if terminal == nil {
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

// Close waits for the streams that are still moving, cuts those that are stuck,
// and releases everything.
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

// drain returns when every output has reached a point or its end or has lost its
// client, when none has moved for a while, or after the limit if there is one.
// What has not moved since an earlier call gave up is not watched again.
func (o *IO) drain(point func(*copier) <-chan struct{}, limit time.Time) {
	for moved := o.stuckAt.Load(); limit.IsZero() || time.Now().Before(limit); {
		now := int64(0)
		for _, c := range o.copies {
			now += c.moved.Load()
		}
		if now == moved {
			o.stuckAt.Store(now)
			return
		}
		if o.outputsReach(point, stall) {
			return
		}
		moved = now
	}
}

// outputsReach reports whether every output that was started, and that somebody
// reads, reaches a point, or its end, within limit.
func (o *IO) outputsReach(point func(*copier) <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	look := time.NewTicker(limit / 20)
	defer look.Stop()
	for _, c := range o.copies {
		if !c.started.Load() {
			continue
		}
		for waits := true; waits && !c.reader.gone(c.dst); {
			select {
			case <-point(c):
				waits = false
			case <-c.done:
				waits = false
			case <-look.C:
			case <-timer.C:
				return false
			}
		}
	}
	return true
}

// clientReads reports whether the client reads an output. Of a terminal's it does
// not say so: a terminal whose input ended would be hung up.
func (o *IO) clientReads() bool {
	return !o.streams.Terminal && slices.ContainsFunc(o.copies, func(c *copier) bool {
		return c.reader.held() && !c.reader.gone(c.dst)
	})
}

func (o *IO) closeProcessEnds() {
	for _, f := range []**os.File{&o.Stdin, &o.Stdout, &o.Stderr} {
		if *f != nil {
			(*f).Close()
			*f = nil
		}
	}
}

// pipe makes a pipe. The caller's end stays in the runtime's poller, so that a
// blocked copy can be cut; the process's end belongs to the owner, so that a
// process of another user may reopen it through /proc/self/fd.
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
