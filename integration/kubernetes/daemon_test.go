package kubernetes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	stopTimeout = 20 * time.Second
	tailLines   = 20
)

// daemon is a program of the cluster that can be restarted. Its output is appended to a
// log.
type daemon struct {
	path string
	args []string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has exited
}

func (d *daemon) name() string { return filepath.Base(d.path) }

func (d *daemon) start() error {
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(d.path, d.args...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.name(), err)
	}
	done := make(chan struct{})
	d.done = done
	go func() {
		defer close(done)
		_ = d.cmd.Wait() // the state is in cmd.ProcessState
	}()
	return nil
}

// await returns when the daemon is ready, exits, or takes too long.
func (d *daemon) await(timeout time.Duration, ready func() error) error {
	deadline := time.Now().Add(timeout)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-d.done:
			return fmt.Errorf("%s ended with %v; its log ends:\n%s", d.name(), d.cmd.ProcessState, logTail(d.log))
		case <-time.After(pollInterval):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for %s: %w; its log ends:\n%s", d.name(), err, logTail(d.log))
		}
	}
}

func (d *daemon) running() bool {
	if d.done == nil {
		return false
	}
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

// stop ends the daemon by SIGTERM, and after a while by SIGKILL.
func (d *daemon) stop() error {
	if !d.running() {
		return nil
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have exited
	select {
	case <-d.done:
		return nil
	case <-time.After(stopTimeout):
		_ = d.cmd.Process.Kill()
		<-d.done
		return fmt.Errorf("stop %s: killed after %v", d.name(), stopTimeout)
	}
}

// logTail returns a log's last lines.
func logTail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
