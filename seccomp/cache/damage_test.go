package cache

import (
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/seccomptest"
)

// Each row damages a good file. It must be a miss, be gone, and be reported; then
// the key must work again.
func TestDamagedFileIsDropped(t *testing.T) {
	key, value := numbered(1), []byte("value")
	good := encode(key, value)
	replace := func(t *testing.T, path string, make func() error) {
		t.Helper()
		seccomptest.Must(t, os.Remove(path))
		seccomptest.Must(t, make())
	}
	content := func(file []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { seccomptest.Must(t, os.WriteFile(path, file, 0o600)) }
	}
	otherVersion := bytes.Clone(good)
	binary.BigEndian.PutUint32(otherVersion[len(magic):], version+1)

	for _, row := range []struct {
		fact, says string
		damage     func(t *testing.T, path string)
	}{
		{"an empty file", "0 bytes", content(nil)},
		{"a byte missing", "should have 85 bytes, has 84", content(good[:len(good)-1])},
		{"a byte more", "should have 85 bytes, has 86", content(append(bytes.Clone(good), 0))},
		{"zeros, as after a crash", "magic", content(make([]byte, len(good)))},
		{"a file of another program", "magic", content(sized(1000))},
		{"another format version", "version 2", content(otherVersion)},
		{"another value under the old checksum", "checksum", content(bytes.Replace(good, value, []byte("VALUE"), 1))},
		{"the file of another key", numbered(2).String(), content(encode(numbered(2), value))},
		{"a byte too large", "too many", content(encode(key, sized(MaxValue+1)))},
		{"1 TiB", "too many", func(t *testing.T, path string) { seccomptest.Must(t, os.Truncate(path, 1<<40)) }},
		{"readable by the group", "0640", func(t *testing.T, path string) { seccomptest.Must(t, os.Chmod(path, 0o640)) }},
		{"writable by others", "0602", func(t *testing.T, path string) { seccomptest.Must(t, os.Chmod(path, 0o602)) }},
		{"setuid", "4600", func(t *testing.T, path string) { seccomptest.Must(t, os.Chmod(path, 0o600|os.ModeSetuid)) }},
		{"owned by somebody else", "uid 65534", func(t *testing.T, path string) {
			needRoot(t, "to give a file away")
			seccomptest.Must(t, os.Chown(path, 65534, 0))
		}},
		{"a symbolic link to a good file", "symbolic link", func(t *testing.T, path string) {
			seccomptest.Must(t, os.Rename(path, path+"-real"))
			seccomptest.Must(t, os.Symlink(path+"-real", path))
		}},
		{"a dangling symbolic link", "symbolic link", func(t *testing.T, path string) {
			replace(t, path, func() error { return os.Symlink("missing", path) })
		}},
		{"a FIFO without a writer", "regular", func(t *testing.T, path string) {
			replace(t, path, func() error { return unix.Mkfifo(path, 0o600) })
		}},
		{"a socket", "socket", func(t *testing.T, path string) {
			replace(t, path, func() error {
				// By a short path: an address has 108 bytes.
				t.Chdir(t.TempDir())
				l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "s"})
				seccomptest.Must(t, err)
				t.Cleanup(func() { l.Close() })
				return os.Rename("s", path)
			})
		}},
		{"a directory", "regular", func(t *testing.T, path string) {
			replace(t, path, func() error { return os.Mkdir(path, 0o700) })
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, wide)
			d.mustPut(t, key, value)
			d.mustHave(t, key, value)
			row.damage(t, d.file(key))
			if got, ok := d.Get(key); ok {
				t.Fatalf("a hit: %q", got)
			}
			d.mustReport(t, row.says)
			if _, err := os.Lstat(d.file(key)); !os.IsNotExist(err) {
				t.Errorf("the file is still there: %v", err)
			}
			d.mustPut(t, key, value)
			d.mustHave(t, key, value)
		})
	}
}

// The same on disk for every length and every byte of a small file.
func TestEveryTruncationAndFlipIsDropped(t *testing.T) {
	d := newDisk(t, wide)
	key := numbered(1)
	good := encode(key, []byte("value"))
	try := func(file []byte, says string) {
		seccomptest.Must(t, os.WriteFile(d.file(key), file, 0o600))
		if got, ok := d.Get(key); ok {
			t.Errorf("%x: a hit: %q", file, got)
		}
		d.mustReport(t, says)
		if names := d.names(t); len(names) != 0 {
			t.Fatalf("still there: %q", names)
		}
	}
	for n := range good {
		try(good[:n], "bytes")
		flipped := bytes.Clone(good)
		flipped[n] ^= 0xff
		try(flipped, "dropped")
	}
}

// A directory with content is nothing that this package made. Each Get of
// that key is a miss.
func TestFullDirectoryInPlaceOfAFile(t *testing.T) {
	d := newDisk(t, wide)
	key := numbered(1)
	seccomptest.Must(t, os.MkdirAll(d.file(key)+"/precious", 0o700))
	if _, ok := d.Get(key); ok {
		t.Error("a hit")
	}
	d.mustReport(t, "not empty")
	if err := d.Put(key, valueOf(1)); err == nil {
		t.Error("Put succeeds")
	}
	if names := d.names(t); len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
}

func TestDropIsReported(t *testing.T) {
	d := newDisk(t, wide)
	d.mustPut(t, numbered(1), valueOf(1))
	d.Drop(numbered(1), defect("holds no program"))
	d.mustReport(t, "holds no program")
	if _, ok := d.Get(numbered(1)); ok {
		t.Error("a hit")
	}
}
