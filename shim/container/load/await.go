package load

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Process is what the shim does for a process, and knows of it, while it waits.
type Process struct {
	PID int
	// Deliver takes the filter's listener, if it has one, to its agent.
	Deliver func(listener *os.File) error
	// Standing is [StandingOf], but in tests.
	Standing func() (Standing, error)
}

// Load returns when the process is about to load its filter, or, with a listener,
// when the listener is delivered.
//
// The process then calls execve: see AwaitExecve. After an error, kill it.
func (c *Channel) Load(p Process) (Execve, error) {
	call, err := c.awaitReady()
	if err == nil && c.order.listens() {
		err = c.handOver(p, call)
	}
	return call, err
}

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

// pollPause is how often a process is looked at that neither runs its program nor
// closes the channel: its first thread may have been killed, and its other
// threads hold the channel open.
const pollPause = 50 * time.Millisecond

// AwaitExecve returns when the process has become the user's program, or why it
// does not. After an error, kill the process: it may have threads left.
//
// It may be killed at any time, which ends the wait.
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

// suspicion is the time between two looks at a process whose first thread has ended.
const suspicion = 10 * time.Millisecond

var errExecuted = errors.New("the program runs")

// fate waits for the channel to close, for a while. It returns errExecuted, why
// the program does not run, or nil if neither is known.
func (c *Channel) fate(p Process, call Execve, wait time.Duration) error {
	kind, _, err := c.receive(time.Now().Add(wait))
	closed := errors.Is(err, io.EOF)
	switch {
	case err == nil:
		return fmt.Errorf("wait for the program to run: unknown message %q", kind)
	case !closed && !errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("wait for the program to run: %w", err)
	}
	// In this order: of a process that has ended, the page is final.
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
	case standing == FirstThreadEnded: // look again: a thread may be between its last signal and its end
		c.suspected = true
		time.Sleep(suspicion)
	case standing == Ended:
		return ErrKilled
	}
	if closed { // it is about to end: exit_files comes before exit_notify (do_exit)
		time.Sleep(time.Millisecond)
	}
	return nil
}
