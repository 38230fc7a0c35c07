// Package initfile opens seccomp-shim-init, the file that inits and execs of containers are
// executed from.
//
// The file is in the folder of the shim's binary, and of the same build: the shim's binary
// has the other's Go build ID, a hash of all that it was built from. A node is upgraded
// under running shims, file by file. So a shim opens the file when it starts, compares the
// ID, and keeps it open: later execs are from the file that it has seen, also if that has
// been replaced or removed since.
//
// A file that is missing or of another build costs speed and nothing else: the shim's
// binary is an init too, and libcontainer then seals that.
//
// A container can reach the file that its init was executed from, at /proc/<pid>/exe
// (CVE-2019-5736). So inits are executed from a view of the file, an overlay mount that is
// read-only and attached nowhere, or from a sealed copy in memory where the kernel makes no
// such view. The view is made once for each shim and takes no memory of its size; a copy
// lives while a process starts.
package initfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/runc/libcontainer/exeseal"
	"golang.org/x/sys/unix"
)

// Name is the file's name.
const Name = "seccomp-shim-init"

// buildID is the Go build ID of the file that belongs to this binary. The Makefile sets it
// by the linker's flag -X.
var buildID string

// ErrNone says that this binary was built without a seccomp-shim-init.
var ErrNone = errors.New("this binary was built without a " + Name)

// File is an open seccomp-shim-init of this build.
type File struct {
	opened *os.File // with O_PATH
	sealed bool     // opened is of a view, which nobody can write to
}

// Open opens the file in a folder. dir is any folder that is neither above nor below it:
// the view is an overlay of the two, and shows the files of the first.
func Open(folder, dir string) (*File, error) {
	if buildID == "" {
		return nil, ErrNone
	}
	path := filepath.Join(folder, Name)
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &File{sealed: true}
	if f.opened, err = view(target, dir); err != nil {
		f.sealed = false
		f.opened, err = os.OpenFile(target, unix.O_PATH|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.check(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f, nil
}

func (f *File) check() error {
	info, err := f.opened.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("it is no executable file: its mode is %v", info.Mode())
	}
	file, err := f.open()
	if err != nil {
		return err
	}
	defer file.Close()
	found, err := readBuildID(file)
	if err != nil {
		return err
	}
	if found != buildID {
		return fmt.Errorf("it is of another build: its Go build ID is %.200q, and %q belongs to this shim", found, buildID)
	}
	return nil
}

// Executable returns a file to execute an init from, which the caller closes. It has the
// type of libcontainer.InitFile; dir is where exeseal makes a temporary file on a kernel
// without memfd_create(2).
func (f *File) Executable(dir string) (*os.File, error) {
	if f.sealed {
		fd, err := unix.FcntlInt(f.opened.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("fcntl(F_DUPFD_CLOEXEC)", err)
		}
		return os.NewFile(uintptr(fd), Name), nil
	}
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return exeseal.CloneBinary(file, info.Size(), Name, dir)
}

// open opens the file for reading, at its start.
func (f *File) open() (*os.File, error) { return os.Open(descriptorPath(f.opened)) }

func descriptorPath(file *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))
}

// Close closes the file. Processes that run from it go on.
func (f *File) Close() error { return f.opened.Close() }
