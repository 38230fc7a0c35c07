package cache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccomp-shim/seccomp/seccomptest"

	"golang.org/x/sys/unix"
)

func TestOpenDiskRefuses(t *testing.T) {
	mkdir := func(t *testing.T, path string, mode os.FileMode) {
		t.Helper()
		seccomptest.Must(t, os.Mkdir(path, 0o700))
		seccomptest.Must(t, os.Chmod(path, mode)) // Mkdir's mode is masked by umask
	}
	for _, row := range []struct {
		fact, says string
		prepare    func(t *testing.T, path string)
	}{
		{"a symbolic link to a good directory", "not a directory", func(t *testing.T, path string) {
			mkdir(t, path+"-real", 0o700)
			seccomptest.Must(t, os.Symlink(path+"-real", path))
		}},
		{"a dangling symbolic link", "not a directory", func(t *testing.T, path string) {
			seccomptest.Must(t, os.Symlink(path+"-missing", path))
		}},
		{"a file", "not a directory", func(t *testing.T, path string) {
			seccomptest.Must(t, os.WriteFile(path, nil, 0o600))
		}},
		{"a directory that the group can read", "0740", func(t *testing.T, path string) { mkdir(t, path, 0o740) }},
		{"a directory that others can list", "0704", func(t *testing.T, path string) { mkdir(t, path, 0o704) }},
		{"a directory that others can pass", "0701", func(t *testing.T, path string) { mkdir(t, path, 0o701) }},
		{"a directory that the group can write", "0720", func(t *testing.T, path string) { mkdir(t, path, 0o720) }},
		{"a directory like /tmp", "1777", func(t *testing.T, path string) { mkdir(t, path, 0o777|os.ModeSticky) }},
		{"somebody else's directory", "uid 65534", func(t *testing.T, path string) {
			needRoot(t, "to give a directory away")
			mkdir(t, path, 0o700)
			seccomptest.Must(t, os.Chown(path, 65534, 65534))
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			row.prepare(t, path)
			for _, spelling := range []string{path, path + "/", path + "/."} {
				d, err := OpenDisk(spelling, wide, nil)
				if err == nil {
					d.Close()
					t.Fatalf("%s: accepted", spelling)
				}
				if !strings.Contains(err.Error(), row.says) {
					t.Errorf("%s: %v, does not say %q", spelling, err, row.says)
				}
			}
		})
	}
	if _, err := OpenDisk(filepath.Join(t.TempDir(), "missing", "cache"), wide, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
}

func TestOpenDiskMakes(t *testing.T) {
	d := newDisk(t, wide)
	info, err := os.Stat(d.path)
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	d.mustPut(t, numbered(1), valueOf(1))
	info, err = os.Stat(d.file(numbered(1)))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("file: %v, %v", info.Mode(), err)
	}
	newDiskAt(t, d.path, wide).mustHave(t, numbered(1), valueOf(1)) // another process opens it
}

func TestSwappedDirectoryIsNotUsed(t *testing.T) {
	d := newDisk(t, wide)
	other := newDisk(t, wide)
	d.mustPut(t, numbered(1), valueOf(1))
	other.mustPut(t, numbered(2), valueOf(2))
	moved := d.path + "-moved"
	seccomptest.Must(t, os.Rename(d.path, moved))
	seccomptest.Must(t, os.Symlink(other.path, d.path))

	d.mustPut(t, numbered(3), valueOf(3))
	d.mustHave(t, numbered(1), valueOf(1))
	if _, ok := d.Get(numbered(2)); ok {
		t.Error("read from the directory at the path")
	}
	d.Drop(numbered(2), defect("test"))
	if got := other.has(t, 4); len(got) != 1 || got[0] != 2 {
		t.Errorf("the directory at the path has the files %v, want [2]", got)
	}
}

func TestDirectoryThatIsGone(t *testing.T) {
	d := newDisk(t, wide)
	seccomptest.Must(t, os.Remove(d.path))
	if err := d.Put(numbered(1), valueOf(1)); err == nil {
		t.Error("Put into a removed directory succeeds")
	}
	if _, ok := d.Get(numbered(1)); ok {
		t.Error("a hit in a removed directory")
	}
}

func TestClosed(t *testing.T) {
	d := newDisk(t, wide)
	d.mustPut(t, numbered(1), valueOf(1))
	seccomptest.Must(t, d.Close())
	if _, ok := d.Get(numbered(1)); ok {
		t.Error("a hit")
	}
	d.mustReport(t, "closed")
	if err := d.Put(numbered(1), nil); err == nil {
		t.Error("Put succeeds")
	}
}

// A program that this process executes meanwhile does not inherit the directory.
func TestDirectoryEndsAtExecve(t *testing.T) {
	d, err := openDirectory(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if flags, err := unix.FcntlInt(d.file.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the descriptor's flags are %#x (%v)", flags, err)
	}
}
