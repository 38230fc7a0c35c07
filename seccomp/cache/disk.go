package cache

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Limit bounds a cache. The zero Limit keeps nothing.
type Limit struct {
	Entries int
	Bytes   int64 // of the files
}

func (l Limit) allows(size int64) bool { return l.Entries > 0 && size <= l.Bytes }

// Disk is the cache of the node: a directory that processes share. Its methods
// may be called at the same time.
type Disk struct {
	dir    *directory
	limit  Limit
	report func(error)
}

// touchEvery is how old a file's time of modification gets before a hit renews it.
const touchEvery = time.Minute

// Names of files in the directory. No other program's files have the suffix, so that
// nothing is lost if the path of another directory is given.
const (
	suffix     = ".seccomp-cache"
	tempPrefix = "tmp-"
)

func fileName(key Key) string { return key.String() + suffix }

func tempName() string { return tempPrefix + rand.Text() + suffix }

// OpenDisk opens the directory dir, or makes it in a parent that exists. An error
// says why it cannot be trusted or used; go on without it then. report receives events
// that are no failure of a call, such as that a file was dropped, and why. It may be nil.
func OpenDisk(dir string, limit Limit, report func(error)) (*Disk, error) {
	d, err := openDirectory(dir)
	if err != nil {
		return nil, fmt.Errorf("seccomp cache: %w", err)
	}
	if report == nil {
		report = func(error) {}
	}
	return &Disk{d, limit, report}, nil
}

// Close closes the directory. After it, Get finds nothing and Put fails. It is no error to
// close a nil Disk, the cache of a directory that cannot be used.
func (d *Disk) Close() error {
	if d == nil {
		return nil
	}
	return d.dir.close()
}

// Get returns the value of a key, if the cache has it.
func (d *Disk) Get(key Key) ([]byte, bool) {
	name := fileName(key)
	value, modified, err := d.read(key, name)
	if err != nil {
		d.failed(name, err)
		return nil, false
	}
	// mtime in the future: the clock was set back.
	if age := time.Since(modified); age > touchEvery || age < -touchEvery {
		_ = d.dir.touch(name) // best effort: on a read-only file system it fails, and the entry is only evicted earlier
	}
	return value, true
}

// failed drops a file with a defect. If a writer has just replaced the file, the new one
// is lost, and a caller compiles once more. That is not worth a lock for every reader.
func (d *Disk) failed(name string, err error) {
	var reason defect
	switch {
	case errors.Is(err, unix.ENOENT):
	case errors.As(err, &reason):
		d.drop(name, reason)
	default: // not a defect of the file, such as EMFILE
		d.report(fmt.Errorf("seccomp cache: %w", err))
	}
}

func (d *Disk) drop(name string, reason error) {
	err := fmt.Errorf("seccomp cache: dropped %s: %w", d.dir.path(name), reason)
	d.report(errors.Join(err, d.dir.remove(name)))
}

func (d *Disk) read(key Key, name string) (value []byte, modified time.Time, err error) {
	// O_NONBLOCK: opening a FIFO must not wait for a writer.
	fd, err := d.dir.open(name, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, time.Time{}, defect("is a symbolic link")
	case errors.Is(err, unix.ENXIO):
		return nil, time.Time{}, defect("is a socket")
	case errors.Is(err, unix.EACCES):
		return nil, time.Time{}, defect("may not be read")
	case err != nil:
		return nil, time.Time{}, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, time.Time{}, os.NewSyscallError("fstat", err)
	}
	if err := acceptable(&st); err != nil {
		return nil, time.Time{}, err
	}
	file, err := readAll(fd, int(st.Size))
	if err != nil {
		return nil, time.Time{}, err
	}
	value, err = decode(key, file)
	return value, time.Unix(st.Mtim.Unix()), err
}

// acceptable judges a file before its content is read.
func acceptable(st *unix.Stat_t) error {
	switch own := os.Geteuid(); {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return defect(fmt.Sprintf("is no regular file (type %#o)", st.Mode&unix.S_IFMT))
	case int(st.Uid) != own:
		return defect(fmt.Sprintf("is owned by uid %d, not %d", st.Uid, own))
	case st.Mode&0o7777&^0o600 != 0:
		return defect(fmt.Sprintf("has mode %04o", st.Mode&0o7777))
	case st.Size > int64(overhead+MaxValue):
		return defect(fmt.Sprintf("has %d bytes, too many", st.Size))
	}
	return nil
}

// readAll reads size bytes, or fewer if the file was truncated meanwhile.
func readAll(fd, size int) ([]byte, error) {
	file := make([]byte, size)
	for have := 0; have < size; {
		n, err := unix.Read(fd, file[have:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, os.NewSyscallError("read", err)
		case n == 0:
			return file[:have], nil
		default:
			have += n
		}
	}
	return file, nil
}

// Keep is Put whose error goes to report.
func (d *Disk) Keep(key Key, value []byte) {
	if err := d.Put(key, value); err != nil {
		d.report(err)
	}
}

// Put stores a value, and evicts others until the cache is within its limit. After an error
// the value may not be stored; no part of it is left.
func (d *Disk) Put(key Key, value []byte) error {
	if size := int64(overhead + len(value)); len(value) > MaxValue || !d.limit.allows(size) {
		return fmt.Errorf("seccomp cache: a file of %d bytes is too large to keep", size)
	}
	if err := d.write(fileName(key), encode(key, value)); err != nil {
		return fmt.Errorf("seccomp cache: %w", err)
	}
	if err := d.evict(); err != nil {
		return fmt.Errorf("seccomp cache: evict: %w", err)
	}
	return nil
}

// write creates a file and renames it into place. It does not fsync: /run is a tmpfs, which
// a crash empties, and elsewhere the checksum finds an incomplete file.
func (d *Disk) write(name string, file []byte) (err error) {
	temp := tempName()
	fd, err := d.dir.open(temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), d.dir.path(temp))
	_, err = f.Write(file)
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.dir.rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, d.dir.remove(temp))
	}
	return nil
}

// Drop removes a value that its reader could not use, and reports the reason.
func (d *Disk) Drop(key Key, reason error) { d.drop(fileName(key), reason) }

func isEntry(name string) bool {
	key, ok := strings.CutSuffix(name, suffix)
	return ok && len(key) == 2*len(Key{}) && strings.Trim(key, "0123456789abcdef") == ""
}

func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, suffix)
}
