package bootstrap

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"seccomp-shim/shim/poll"
)

// The note of an ended process is removed, and its socket too unless a shim serves on
// it. The note and the socket of a live process stay.
func TestRemoveDeadSockets(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	unreaped := exec.Command("true")
	if err := unreaped.Start(); err != nil {
		t.Fatal(err)
	}
	defer unreaped.Wait()
	if !poll.Until(time.Millisecond, time.Minute, func() bool { return !isAlive(unreaped.Process.Pid) }) {
		t.Fatal("it does not end")
	}
	for _, row := range []struct {
		fact         string
		pid          int
		listens      bool
		socket, note bool // what stays
	}{
		{"a start that was killed", ended.Process.Pid, false, false, false},
		{"a start that was killed when its shim served", ended.Process.Pid, true, true, false},
		{"one that its parent has not reaped", unreaped.Process.Pid, false, false, false},
		{"a start that is under way", os.Getpid(), false, true, true},
		{"a shim", os.Getpid(), true, true, true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
			if err != nil {
				t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			if row.listens {
				defer l.Close()
			} else {
				l.Close()
			}
			dir := t.TempDir()
			note := filepath.Join(dir, strconv.Itoa(row.pid))
			if err := os.WriteFile(note, []byte(socket), 0o600); err != nil {
				t.Fatal(err)
			}
			removeDeadSockets(dir)
			for path, want := range map[string]bool{socket: row.socket, note: row.note} {
				if _, err := os.Lstat(path); (err == nil) != want {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
	removeDeadSockets(filepath.Join(t.TempDir(), "none"))
}

// A note that does not name a socket is removed, and the named file stays.
func TestNoteOfAnotherFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "file")
	for path, text := range map[string]string{file: "kept", filepath.Join(dir, "x"): file, filepath.Join(dir, "y"): "relative"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removeDeadSockets(dir)
	if _, err := os.Lstat(file); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
