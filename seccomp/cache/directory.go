package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// directory is an open directory that only this process's user can reach into.
// It is not an os.Root, because that follows a symbolic link that stays inside,
// even with O_NOFOLLOW.
type directory struct {
	file *os.File
	conn syscall.RawConn // keeps the descriptor open during a call
}

// openDirectory opens the directory at path, made if it is missing; its parent
// must exist.
func openDirectory(path string) (*directory, error) {
	path = filepath.Clean(path) // a slash at the end would make O_NOFOLLOW follow
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(fd), path)
	if err := private(fd); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &directory{file, conn}, nil
}

// private checks the open directory, so that it cannot be replaced after the check. Users
// that an ACL adds show in the group's bits (acl(5), the mask).
func private(fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if own := os.Geteuid(); int(st.Uid) != own {
		return fmt.Errorf("owned by uid %d, not %d", st.Uid, own)
	}
	if st.Mode&0o077 != 0 {
		return fmt.Errorf("mode %04o lets group or others in", st.Mode&0o7777)
	}
	return nil
}

func (d *directory) close() error { return d.file.Close() }

func (d *directory) path(name string) string { return filepath.Join(d.file.Name(), name) }

// at runs a call relative to the directory, again if a signal interrupts it.
func (d *directory) at(op, name string, call func(dir int) error) error {
	var err error
	closed := d.conn.Control(func(fd uintptr) {
		for {
			if err = call(int(fd)); err != unix.EINTR {
				return
			}
		}
	})
	if err = errors.Join(closed, err); err != nil {
		return &os.PathError{Op: op, Path: d.path(name), Err: err}
	}
	return nil
}

func (d *directory) open(name string, flags int, mode uint32) (fd int, err error) {
	err = d.at("open", name, func(dir int) (err error) {
		fd, err = unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

func (d *directory) stat(name string) (st unix.Stat_t, err error) {
	err = d.at("stat", name, func(dir int) error {
		return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	return st, err
}

func (d *directory) rename(from, to string) error {
	return d.at("rename", to, func(dir int) error { return unix.Renameat(dir, from, dir, to) })
}

// remove removes a file or an empty directory. It is no error if another process has
// removed it.
func (d *directory) remove(name string) error {
	err := d.at("remove", name, func(dir int) error {
		err := unix.Unlinkat(dir, name, 0)
		if err == unix.EISDIR {
			return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
		}
		return err
	})
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// touch sets the time of modification to the kernel's now.
func (d *directory) touch(name string) error {
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_NOW}}
	return d.at("touch", name, func(dir int) error {
		return unix.UtimesNanoAt(dir, name, times, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (d *directory) names() ([]string, error) {
	// Open the directory again: the offset of the listing belongs to the open file.
	fd, err := d.open(".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), d.file.Name())
	defer f.Close()
	return f.Readdirnames(-1)
}
