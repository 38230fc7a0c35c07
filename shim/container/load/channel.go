package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// FD is the descriptor of a channel's inner end in the new process: the first
// one behind stdin, stdout and stderr.
const FD = 3

// ErrEarlyEnd says that a process ended before it came to load its filter.
var ErrEarlyEnd = errors.New("the process ended before it ran the program")

// Channel is the shim's end of what connects it to a process that it starts.
type Channel struct {
	// Inner is the process's end, to be inherited as FD.
	Inner *os.File
	conn  *net.UnixConn
}

// The messages of the process. Each is one packet.
const (
	messageReady    = 'r' // all is done but the load
	messageListener = 'l' // with the listener's descriptor; the process waits for an answer
	messageFailed   = 'f' // followed by the reason; the process ends
	answerGo        = 'g'
)

// NewChannel returns a channel that holds an order for the process.
func NewChannel(order Order) (_ *Channel, err error) {
	// Packets keep messages apart, and a reader learns of the other end's close.
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	inner := os.NewFile(uintptr(fds[1]), "load-inner")
	outer := os.NewFile(uintptr(fds[0]), "load-outer")
	defer outer.Close() // FileConn makes a duplicate
	conn, err := net.FileConn(outer)
	if err != nil {
		inner.Close()
		return nil, err
	}
	c := &Channel{Inner: inner, conn: conn.(*net.UnixConn)}
	if _, err := c.conn.Write(order.encode()); err != nil {
		c.Close()
		return nil, fmt.Errorf("send the filter: %w", err)
	}
	return c, nil
}

// Started closes the shim's copy of the process's end. It is to be called when
// the process has been forked, or the channel would never end.
func (c *Channel) Started() { c.Inner.Close() }

// Close gives the channel up. A process that has not loaded its filter fails.
func (c *Channel) Close() {
	c.Inner.Close()
	c.conn.Close()
}

// Ended reports, without waiting, whether the process has ended without a word.
func (c *Channel) Ended() bool {
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return true
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		ended = n == 0 && err == nil || errors.Is(err, unix.ECONNRESET) // reset: it has not read its order
	})
	return ended || err != nil
}

// Await returns when the process has become the user's program. deliver is
// called with the listener, if the filter has one, and the process goes on when
// it has returned without error.
//
// The error is ErrEarlyEnd, or what the process reports, or deliver's. The
// process has ended or will, except after an error of deliver.
func (c *Channel) Await(deliver func(listener *os.File) error) error {
	ready := false
	for {
		kind, text, listener, err := c.receive()
		switch {
		case errors.Is(err, io.EOF) && ready:
			return nil
		case errors.Is(err, io.EOF):
			return ErrEarlyEnd
		case err != nil:
			return fmt.Errorf("wait for the program to run: %w", err)
		}
		switch kind {
		case messageReady:
			ready = true
		case messageFailed:
			return errors.New(text)
		case messageListener:
			return c.handOver(listener, deliver)
		default:
			return fmt.Errorf("wait for the program to run: unknown message %q", kind)
		}
	}
}

// handOver does not wait for execve: the agent may be asked about it, and may
// want to see the process started before it answers.
func (c *Channel) handOver(listener *os.File, deliver func(*os.File) error) error {
	if listener == nil {
		return errors.New("the process has sent no listener")
	}
	defer listener.Close()
	if err := deliver(listener); err != nil {
		return err
	}
	if _, err := c.conn.Write([]byte{answerGo}); err != nil {
		return fmt.Errorf("let the process go on: %w", err)
	}
	return nil
}

// receive reads one message with the descriptor that may come with it.
func (c *Channel) receive() (kind byte, text string, file *os.File, err error) {
	const longest = 4096
	data, control := make([]byte, longest), make([]byte, unix.CmsgSpace(4))
	n, nc, _, _, err := c.conn.ReadMsgUnix(data, control)
	if err != nil {
		if errors.Is(err, unix.ECONNRESET) { // the other end had unread packets
			err = io.EOF
		}
		return 0, "", nil, err
	}
	if n == 0 {
		return 0, "", nil, io.EOF
	}
	if file, err = descriptor(control[:nc]); err != nil {
		return 0, "", nil, err
	}
	return data[0], string(data[1:n]), file, nil
}

func descriptor(control []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil, err
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "seccomp-listener"), nil
}
