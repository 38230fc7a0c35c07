package testbed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	stopGrace   = 10 * time.Second
	logDelay    = time.Second
	tailBytes   = 4 << 10
	servingPoll = 10 * time.Millisecond
)

// daemon is one run of the containerd process.
type daemon struct {
	cmd  *exec.Cmd
	tail *tail
	done chan struct{} // closed when the process has exited
}

// startDaemon starts containerd in a process group of its own. A Ctrl-C at the terminal
// reaches only the program that uses the node, which then calls Stop.
func startDaemon(bin, config string, log io.Writer) (*daemon, error) {
	d := &daemon{tail: &tail{next: log}, done: make(chan struct{})}
	d.cmd = exec.Command(filepath.Join(bin, "containerd"), "--config", config)
	d.cmd.Env = environ(bin)
	d.cmd.Stdout, d.cmd.Stderr = d.tail, d.tail
	d.cmd.WaitDelay = logDelay
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start containerd: %w", err)
	}
	go func() {
		defer close(d.done)
		_ = d.cmd.Wait() // the state is in cmd.ProcessState, and Kill is no error
	}()
	return d, nil
}

func (d *daemon) running() bool {
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

// stop sends SIGTERM to containerd, and after a while SIGKILL.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(stopGrace):
		d.kill()
	}
}

func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}

// awaitServing returns when containerd answers, exits, or takes too long. It first
// waits for the socket, because a gRPC client that finds none waits for a second before
// it tries again.
func (n *Node) awaitServing(ctx context.Context) error {
	for {
		if conn, err := net.Dial("unix", n.Address()); err == nil {
			conn.Close()
			break
		}
		select {
		case <-n.daemon.done:
			return fmt.Errorf("start containerd: it ended with %s; its log ends:\n%s",
				n.daemon.cmd.ProcessState, n.daemon.tail)
		case <-ctx.Done():
			return fmt.Errorf("wait for containerd: %w; its log ends:\n%s", ctx.Err(), n.daemon.tail)
		case <-time.After(servingPoll):
		}
	}
	client, err := n.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.IsServing(ctx); err != nil {
		return fmt.Errorf("ask containerd for its health: %w; its log ends:\n%s", err, n.daemon.tail)
	}
	return nil
}

// tail is a writer that passes a log on and keeps its end.
type tail struct {
	next io.Writer // may be nil

	mu   sync.Mutex
	last []byte // guarded by mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.last = append(t.last, p...)
	if extra := len(t.last) - tailBytes; extra > 0 {
		t.last = append([]byte(nil), t.last[extra:]...)
	}
	t.mu.Unlock()
	if t.next == nil {
		return len(p), nil
	}
	return t.next.Write(p)
}

// String returns the kept lines, without an incomplete first line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.last
	if len(last) == tailBytes {
		if _, whole, found := bytes.Cut(last, []byte("\n")); found {
			last = whole
		}
	}
	return strings.TrimRight(string(last), "\n")
}
