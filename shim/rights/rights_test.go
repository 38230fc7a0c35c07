package rights

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReceive(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[1])
	data := make([]byte, 16)
	if _, fd, err := Receive(fds[1], data); fd != -1 || !errors.Is(err, unix.EAGAIN) {
		t.Errorf("nothing is sent: descriptor %d, %v", fd, err)
	}
	sent, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer sent.Close()
	if err := unix.Sendmsg(fds[0], []byte("with"), unix.UnixRights(int(sent.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	n, fd, err := Receive(fds[1], data)
	if err != nil || string(data[:n]) != "with" {
		t.Fatalf("%q, %v", data[:n], err)
	}
	received := os.NewFile(uintptr(fd), "received")
	defer received.Close()
	if !same(t, sent, received) {
		t.Error("it is another file")
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("it is not close-on-exec: %v", err)
	}
	if err := unix.Sendmsg(fds[0], []byte("without"), nil, nil, 0); err != nil {
		t.Fatal(err)
	}
	if n, fd, err := Receive(fds[1], data); fd != -1 || err != nil || string(data[:n]) != "without" {
		t.Errorf("no descriptor is sent: %q, descriptor %d, %v", data[:n], fd, err)
	}
	unix.Close(fds[0])
	if n, fd, err := Receive(fds[1], data); n != 0 || fd != -1 || err != nil {
		t.Errorf("at EOF: %d bytes, descriptor %d, %v", n, fd, err)
	}
}

func same(t *testing.T, a, b *os.File) bool {
	t.Helper()
	one, err := a.Stat()
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(one, other)
}
