package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// FD is the descriptor of a channel's inner end in the new process: the first one after
// stdin, stdout and stderr.
const FD = 3

// Channel is the shim's end of the connection to a process that it starts: a socket and a
// page of shared memory.
type Channel struct {
	// Inner is the process's end, to be inherited as FD.
	Inner *os.File
	conn  *net.UnixConn
	page  *page
	order Order

	suspected bool // fate has seen that the first thread of the process had ended
}

// The messages of the process. Each is one packet.
const (
	messageReady  = 'r' // only the limits, the load and execve remain; followed by the Execve
	messageFailed = 'f' // the process ends; followed by the reason
)

// NewChannel returns a channel to which the order has been sent. The caller may close the
// order's tasks files then.
func NewChannel(order Order) (*Channel, error) {
	c, err := NewSilentChannel(order)
	if err != nil {
		return nil, err
	}
	if err := c.Send(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Send sends the order.
func (c *Channel) Send() error {
	if err := c.send(c.order.encode()); err != nil {
		return fmt.Errorf("send the order: %w", err)
	}
	return nil
}

// NewSilentChannel returns a channel without a message in it: the process waits for the order,
// until Send has sent it.
func NewSilentChannel(order Order) (_ *Channel, err error) {
	// SOCK_SEQPACKET keeps messages apart, and a reader gets EOF when the other end closes.
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
	c := &Channel{Inner: inner, conn: conn.(*net.UnixConn), order: order}
	if c.page, err = newPage(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// send sends a message with the descriptors of the page and of the order's tasks files.
// The socket keeps them until the process reads.
func (c *Channel) send(message []byte) error {
	descriptors := []int{int(c.page.file.Fd())}
	for _, tasks := range c.order.Tasks {
		descriptors = append(descriptors, int(tasks.Fd()))
	}
	_, _, err := c.conn.WriteMsgUnix(message, unix.UnixRights(descriptors...), nil)
	return err
}

// Started closes the shim's copy of the process's end. Call it when the process has been
// forked: while the copy is open, the shim never gets EOF.
func (c *Channel) Started() { c.Inner.Close() }

// Close closes the channel. A process that has not sent messageReady yet then fails.
func (c *Channel) Close() {
	c.Inner.Close()
	c.conn.Close()
	if c.page != nil {
		c.page.close()
	}
}

// receive reads one message, or returns io.EOF when the process's end is closed. The zero
// deadline means to wait without a limit.
func (c *Channel) receive(deadline time.Time) (kind byte, body []byte, err error) {
	const longest = 8192
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return 0, nil, err
	}
	body = make([]byte, longest)
	n, err := c.conn.Read(body)
	if errors.Is(err, unix.ECONNRESET) { // the other end had unread packets
		err = io.EOF
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return 0, nil, err
	}
	return body[0], body[1:n], nil
}
