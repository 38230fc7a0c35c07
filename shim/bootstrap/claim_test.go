package bootstrap

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// listen makes a socket of a wide group whose last start was long ago.
func listenWide(t *testing.T) *Socket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	t.Cleanup(func() { listener.Close() })
	s := &Socket{path: path, wide: true}
	if s.file, err = os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	setAge(t, path, time.Hour)
	return s
}

func setAge(t *testing.T, path string, age time.Duration) {
	t.Helper()
	then := time.Now().Add(-age)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func mustHaveNames(t *testing.T, s *Socket, want int) {
	t.Helper()
	if names, err := os.ReadDir(filepath.Dir(s.path)); err != nil || len(names) != want {
		t.Errorf("the folder has %v (%v), want %d", names, err, want)
	}
}

func TestRetire(t *testing.T) {
	s := listenWide(t)
	if !s.Retire() {
		t.Error("it goes on without a claim")
	}
	mustHaveNames(t, s, 0)
	if claim(s.path) {
		t.Error("a start claims a socket that is out of reach")
	}
}

// A start has answered with the socket, and containerd has not connected yet.
func TestClaimedSocketStays(t *testing.T) {
	for fact, age := range map[string]time.Duration{"claimed": 0, "the clock was set back": -time.Second} {
		t.Run(fact, func(t *testing.T) {
			s := listenWide(t)
			if !claim(s.path) {
				t.Fatal("no claim")
			}
			if age != 0 {
				setAge(t, s.path, age)
			}
			if s.Retire() {
				t.Error("it is retired")
			}
			mustHaveNames(t, s, 1)
			if pid, err := listeningPID(s.path); pid != os.Getpid() || err != nil {
				t.Errorf("process %d listens (%v)", pid, err)
			}
			setAge(t, s.path, 2*claimed)
			if !s.Retire() {
				t.Error("it goes on long after the claim")
			}
		})
	}
}

// The socket's file was removed, and the group has another shim.
func TestRetireLeavesAnotherShimsSocket(t *testing.T) {
	s := listenWide(t)
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if !s.Retire() {
		t.Error("it goes on, though nobody can reach it")
	}
	mustHaveNames(t, s, 1)
}

// The socket of a pod's shim is gone with the last container.
func TestRetireOfAPod(t *testing.T) {
	s := listenWide(t)
	s.wide = false
	if !claim(s.path) || !s.Retire() {
		t.Error("it goes on")
	}
	mustHaveNames(t, s, 0)
}
