package container

import (
	"time"

	"seccomp-shim/shim/container/load"
)

// A Recorder records the syscalls of a container's processes, from the first instruction of
// the user's program on. It is implemented by package record.
type Recorder interface {
	// Begin is called when a process has been made and has no order yet: all that it
	// executes from now on is the user's program. The exec ID is empty for the init.
	Begin(execID string, pid int) error
	// Exited is called when a process has been reaped or was not started, before its exit
	// is known to anybody. Other processes of the container end before the init.
	Exited(execID string, status int, at time.Time)
	// Stopped is called when the shim is told to stop.
	Stopped()
}

// StopRecording ends the container's recording, if it has one. The container goes on.
func (c *Container) StopRecording() {
	if c.config.Recorder != nil {
		c.config.Recorder.Stopped()
	}
}

// newChannel returns the channel to a process. It holds the order, unless the process is to
// be recorded: then it waits for the order, until begin has sent it.
func (c *Config) newChannel(order load.Order) (*load.Channel, error) {
	if c.Recorder != nil {
		return load.NewSilentChannel(order)
	}
	return load.NewChannel(order)
}

// begin has a process recorded that waits for its order.
func (c *Config) begin(p *Process, child *libcontainerChild) error {
	if c.Recorder == nil {
		return nil
	}
	if err := c.Recorder.Begin(p.ID, child.number); err != nil {
		return err
	}
	return child.channel.Send()
}
