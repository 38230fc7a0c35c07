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
	if _, got, err := Receive(fds[1], data, 2); len(got) > 0 || !errors.Is(err, unix.EAGAIN) {
		t.Errorf("nothing is sent: descriptors %v, %v", got, err)
	}
	sent, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer sent.Close()
	if err := unix.Sendmsg(fds[0], []byte("with"), unix.UnixRights(fds[0], int(sent.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	n, got, err := Receive(fds[1], data, 2)
	if err != nil || string(data[:n]) != "with" || len(got) != 2 {
		t.Fatalf("%q, descriptors %v, %v", data[:n], got, err)
	}
	unix.Close(got[0])
	fd := got[1]
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
	if n, got, err := Receive(fds[1], data, 2); len(got) > 0 || err != nil || string(data[:n]) != "without" {
		t.Errorf("no descriptor is sent: %q, descriptors %v, %v", data[:n], got, err)
	}
	unix.Close(fds[0])
	if n, got, err := Receive(fds[1], data, 2); n != 0 || len(got) > 0 || err != nil {
		t.Errorf("at EOF: %d bytes, descriptors %v, %v", n, got, err)
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
