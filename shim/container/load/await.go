package load

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Process is the process at the other end of a channel, for Load and AwaitExecve.
type Process struct {
	PID int
	// Deliver sends the filter's listener to its agent.
	Deliver func(listener *os.File) error
	// Standing is [StandingOf] for the process, also after it was reaped.
	Standing func() (Standing, error)
}

// Load returns when the process is about to load its filter. If the filter has a
// listener, Load returns when the listener is delivered.
//
// The process then calls execve: see AwaitExecve. After an error, kill the process.
func (c *Channel) Load(p Process) (Execve, error) {
	call, err := c.awaitReady()
	if err == nil && c.order.listens() {
		err = c.handOver(p, call)
	}
	return call, err
}

// awaitReady receives the process's first message.
func (c *Channel) awaitReady() (Execve, error) {
	kind, body, err := c.receive(time.Time{})
	switch {
	case errors.Is(err, io.EOF):
		return Execve{}, ErrEarlyEnd
	case err != nil:
		return Execve{}, fmt.Errorf("wait for the program to run: %w", err)
	case kind == messageFailed:
		return Execve{}, errors.New(string(body))
	case kind != messageReady:
		return Execve{}, fmt.Errorf("wait for the program to run: unknown message %q", kind)
	}
	return decodeExecve(body)
}

// pollPause is the longest time between two looks at a process that keeps the channel
// open. No event says that its first thread has been killed while other threads hold the
// channel open.
const pollPause = 50 * time.Millisecond

// AwaitExecve returns nil when the process has become the user's program. Otherwise it
// returns an [ExecveError], a [LimitError], ErrKilled, ErrThreadKilled or another error
// that says why not. After an error, kill the process: it may have threads left.
//
// SIGKILL to the process ends the wait.
func (c *Channel) AwaitExecve(p Process, call Execve) error {
	for {
		err := c.fate(p, call, pollPause)
		if errors.Is(err, errExecuted) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// suspicion is the time between two looks at a process whose first thread has ended. Its
// other threads may be about to end, too.
const suspicion = 10 * time.Millisecond

var errExecuted = errors.New("the program runs")

// fate waits until the channel closes or the time has passed. It returns errExecuted, the
// reason why the program does not run, or nil if neither is known yet.
func (c *Channel) fate(p Process, call Execve, wait time.Duration) error {
	kind, _, err := c.receive(time.Now().Add(wait))
	closed := errors.Is(err, io.EOF)
	switch {
	case err == nil:
		return fmt.Errorf("wait for the program to run: unknown message %q", kind)
	case !closed && !errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("wait for the program to run: %w", err)
	}
	// Read the standing first: once the process has ended, the page does not change.
	standing, err := p.Standing()
	if said := c.page.failure(c.order, call); said != nil {
		return said
	}
	switch {
	case err != nil:
		return err
	case standing == Executed:
		return errExecuted
	case standing == FirstThreadEnded && c.suspected:
		return ErrThreadKilled
	case standing == FirstThreadEnded: // look again: a killed thread may not have ended yet
		c.suspected = true
		time.Sleep(suspicion)
	case standing == Ended:
		return ErrKilled
	}
	if closed { // about to end: do_exit calls exit_files before exit_notify
		time.Sleep(time.Millisecond)
	}
	return nil
}
