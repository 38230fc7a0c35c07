package stdio

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/self"
)

// newPty returns the master side as a container's init sends it, and a function that opens
// the slave side, in raw mode, as a process does.
func newPty(t *testing.T) (master *os.File, openSlave func() *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), func() *os.File {
		f, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// A process may close its terminal and open it again. After the process has ended, the
// client gets the rest of the output and then EOF.
func TestTerminalOutput(t *testing.T) {
	path := fifo(t, "out")
	reader := openClient(t, path)
	o := open(t, Streams{Stdout: path, Terminal: true})
	master, openSlave := newPty(t)
	start(t, o, master)
	for _, line := range []string{"first\n", "second\n"} {
		slave := openSlave()
		io.WriteString(slave, line)
		slave.Close()
		time.Sleep(20 * time.Millisecond)
	}
	exited := make(chan struct{})
	go func() { o.Exited(); close(exited) }()
	got, err := io.ReadAll(reader)
	<-exited
	if want := "first\r\nsecond\r\n"; err != nil || string(got) != want {
		t.Errorf("client read %q, %v; want %q", got, err, want)
	}
	mustClose(t, o)
}

func TestTerminalSizeAndStdin(t *testing.T) {
	in, out := fifo(t, "in"), fifo(t, "out")
	reader := openClient(t, out)
	go io.Copy(io.Discard, reader)
	o := open(t, Streams{Stdin: in, Stdout: out, Terminal: true})
	master, openSlave := newPty(t)
	start(t, o, master)
	slave := openSlave()
	if err := o.Resize(123, 45); err != nil {
		t.Fatal(err)
	}
	size, err := unix.IoctlGetWinsize(int(slave.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col != 123 || size.Row != 45 {
		t.Errorf("size is %+v, %v", size, err)
	}
	client, err := os.OpenFile(in, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(client, "typed\n")
	buf := make([]byte, 16)
	n, err := slave.Read(buf)
	if err != nil || string(buf[:n]) != "typed\n" {
		t.Errorf("process read %q, %v", buf[:n], err)
	}
	// The end of stdin hangs the terminal up.
	client.Close()
	o.CloseStdin()
	if n, err := slave.Read(buf); n != 0 {
		t.Errorf("after the hangup the process read %d bytes, %v", n, err)
	}
	slave.Close()
	o.Exited()
	mustClose(t, o)
	if err := o.Resize(1, 1); err != nil {
		t.Errorf("resize after the end: %v", err)
	}
}

func TestConsoleSocket(t *testing.T) {
	var err error
	var s *ConsoleSocket
	self.MakesNoneInheritable(t, func() { s, err = NewConsoleSocket() })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	master, openSlave := newPty(t)
	rights := unix.UnixRights(int(master.Fd()))
	if err := unix.Sendmsg(int(s.Child.Fd()), []byte("/dev/pts/0"), rights, nil, 0); err != nil {
		t.Fatal(err)
	}
	master.Close()
	var received *os.File
	self.MakesNoneInheritable(t, func() { received, err = s.Receive() })
	if err != nil {
		t.Fatal(err)
	}
	defer received.Close()
	slave := openSlave()
	defer slave.Close()
	io.WriteString(slave, "hello")
	buf := make([]byte, 16)
	n, err := received.Read(buf)
	if err != nil || string(buf[:n]) != "hello" {
		t.Errorf("read %q, %v through the received terminal", buf[:n], err)
	}
}

// If the init ends without sending a terminal, Receive returns an error at once.
func TestConsoleSocketWithoutTerminal(t *testing.T) {
	s, err := NewConsoleSocket()
	if err != nil {
		t.Fatal(err)
	}
	s.Child.Close()
	if f, err := s.Receive(); err == nil || !strings.Contains(err.Error(), "receive terminal") {
		t.Errorf("received %v, %v", f, err)
	}
}
