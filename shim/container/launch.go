package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/load"
	"seccomp-shim/shim/stdio"
)

// launch is libcontainer's start of a process. It returns when the process has set
// itself up inside the container. A container can hold the process before that: its
// /etc/passwd is a FIFO, or it sends SIGSTOP to each process that enters. So a launch
// can be ended.
//
// Until the launch returns, libcontainer does not tell the pids. But the kernel lists
// the children of a thread, and new children of a locked thread are libcontainer's:
// the process, its parents on the way, and hooks.
type launch struct {
	thread int   // whose children they are
	others []int // children that the thread had before

	mu    sync.Mutex
	cause error // why it is ended; nil if it is not
	over  chan struct{}
}

// launchIn starts the process in lc and connects its streams. An init then waits
// for Start; an exec goes on to its last act. It ends with the context, or by a
// SIGKILL. On error nothing is left of the process.
func (p *Process) launchIn(ctx context.Context, lc *libcontainer.Container) (err error) {
	if errUnchanged != nil {
		return errUnchanged
	}
	c := p.Container
	if len(p.spec.Rlimits) == 0 { // libcontainer has it so, too
		p.spec.Rlimits = c.config.Spec.Process.Rlimits
	}
	limits, err := limits(p.spec.Rlimits)
	if err != nil {
		return err
	}
	lp, err := libcontainerProcess(p.spec)
	if err != nil {
		return err
	}
	lp.Init = p.isInit()
	if lp.Capabilities == nil && !lp.Init {
		lp.Capabilities = lc.Config().Capabilities // as libcontainer would
	}
	lp.Capabilities = c.config.Filter.keepToLoad(p.spec, lp.Capabilities)
	channel, err := load.NewChannel(c.config.Filter.order(limits))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			channel.Close()
		}
	}()
	lp.ExtraFiles = []*os.File{channel.Inner} // its place is load.FD
	if c.config.Filter.listens() {
		p.streams.KeepStderr() // see followExecve
	}
	console, err := p.connectStreams(lp)
	if err != nil {
		return err
	}
	defer console.Close()
	if err := p.startBy(ctx, lp, func() error { return lc.Start(lp) }); err != nil {
		return err
	}
	channel.Started()
	pid, err := lp.Pid()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.lp, p.pid, p.channel = lp, pid, channel
	p.mu.Unlock()
	if err := p.startStreams(console); err != nil {
		_, killErr := terminate(lp)
		return errors.Join(err, killErr)
	}
	return nil
}

// startBy starts a process by a function of libcontainer. A start that fails half-way leaves
// children that libcontainer does not wait for: runc ends then, and the host's
// init reaps them. Here they are reaped; until then, as zombies in the
// container's pid namespace, they would keep its init from ending.
func (p *Process) startBy(ctx context.Context, lp *libcontainer.Process, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := unix.Gettid()
	l := &launch{thread: thread, others: ownChildren(thread), over: make(chan struct{})}
	p.setLaunch(l)
	defer p.setLaunch(nil)
	stop := context.AfterFunc(ctx, func() { l.end(context.Cause(ctx)) })
	defer stop()
	err := start()
	close(l.over)
	cause := l.endedBy()
	if cause == nil && ctx.Err() != nil { // nobody waits for the process
		cause = context.Cause(ctx)
	}
	switch {
	case err == nil && cause == nil:
		return nil
	case err == nil: // it was too late to end it
		_, err = terminate(lp)
	default:
		err = errors.Join(translate(err), reapStrays(l.others, time.Second))
	}
	if cause != nil {
		return errors.Join(fmt.Errorf("the start of the process was ended: %w", cause), err)
	}
	return err
}

func (p *Process) setLaunch(l *launch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.launch = l
}

// end kills what libcontainer has started, and starts, until the launch is over.
func (l *launch) end(cause error) {
	l.mu.Lock()
	first := l.cause == nil
	if first {
		l.cause = cause
	}
	l.mu.Unlock()
	if first {
		go l.killAll()
	}
}

func (l *launch) endedBy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

func (l *launch) killAll() {
	for {
		for _, pid := range ownChildren(l.thread) {
			if !slices.Contains(l.others, pid) {
				l.kill(pid)
			}
		}
		select {
		case <-l.over:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill kills a child that may be reaped meanwhile, and its pid be another's. If it
// is a child still when the pidfd is open, the pidfd is the child's.
func (l *launch) kill(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return // it has ended
	}
	defer unix.Close(fd)
	if slices.Contains(ownChildren(l.thread), pid) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may have ended
	}
}

// connectStreams gives a process its streams, or the socket by which it hands
// over its terminal. Without a terminal there is no socket: it is nil.
func (p *Process) connectStreams(lp *libcontainer.Process) (*stdio.ConsoleSocket, error) {
	if !p.spec.Terminal {
		connect(lp, p.streams)
		return nil, nil
	}
	console, err := stdio.NewConsoleSocket()
	if err != nil {
		return nil, err
	}
	lp.ConsoleSocket = console.Child
	return console, nil
}

// connect hands the streams over. A nil *os.File in an io.Reader would not be a
// nil interface, which is what means /dev/null.
func connect(lp *libcontainer.Process, s *stdio.IO) {
	if s.Stdin != nil {
		lp.Stdin = s.Stdin
	}
	if s.Stdout != nil {
		lp.Stdout = s.Stdout
	}
	if s.Stderr != nil {
		lp.Stderr = s.Stderr
	}
}

func (p *Process) startStreams(console *stdio.ConsoleSocket) error {
	if console == nil {
		return p.streams.Start(nil)
	}
	pty, err := console.Receive()
	if err != nil {
		return err
	}
	return p.streams.Start(pty)
}
