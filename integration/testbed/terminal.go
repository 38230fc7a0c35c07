package testbed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"
)

// A Terminal is that of a command. What is written to it, the command reads as input.
type Terminal struct {
	console.Console
	cmd  *exec.Cmd
	done chan struct{} // closed when the command has ended
}

// StartAtTerminal starts a command with a new terminal of that size. All that the terminal
// shows is written to shown, in another goroutine. The caller calls Stop.
func StartAtTerminal(cmd *exec.Cmd, size console.WinSize, shown io.Writer) (_ *Terminal, err error) {
	master, path, err := console.NewPty()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			master.Close()
		}
	}()
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	if err := master.Resize(size); err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &Terminal{Console: master, cmd: cmd, done: make(chan struct{})}
	go func() { _, _ = io.Copy(shown, master) }() // ends by EIO when the command has ended
	go func() {
		_ = cmd.Wait() // the exit code is in ProcessState
		close(t.done)
	}()
	return t, nil
}

// Signal sends a signal to the command.
func (t *Terminal) Signal(signal os.Signal) error { return t.cmd.Process.Signal(signal) }

// ExitCode waits until the command ends.
func (t *Terminal) ExitCode(limit time.Duration) (int, error) {
	select {
	case <-t.done:
		return t.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return -1, fmt.Errorf("%s does not end within %v", t.cmd.Path, limit)
	}
}

// Stop kills the command, if it has not ended, and closes the terminal.
func (t *Terminal) Stop() error {
	_ = t.cmd.Process.Kill() // it may have ended
	<-t.done
	return t.Close()
}
