package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A page is memory that the shim and the process share. Under its filter the
// process may be unable to make any system call, and still can store a word.
// What it stores outlives it.
//
// The shim reads and writes it as a file: nothing that a process does to the
// memory can then fault the shim.
type page struct{ file *os.File }

// The words of a page, by their place. Each is 0 until it is set, by one side
// alone, once.
const (
	wordListener   = iota // by the process: the listener's descriptor plus 1
	wordLimit             // by the process: which limit could not be set, plus 1
	wordLimitErrno        // by the process: the errno of prlimit(2)
	wordRefused           // by the process: the errno of seccomp(2)
	wordFailed            // by the process: the errno of execve(2) plus 1, since a filter can answer 0
	wordResume            // by the shim: what to do now that there is a listener, one of resume*
	words
)

const (
	resumeExecve = 1 // the agent has the listener
	resumeEnd    = 2 // it has not
)

const pageSize = 4 * words

func newPage() (*page, error) {
	// MFD_NOEXEC_SEAL is required where vm.memfd_noexec is 2, and unknown before
	// Linux 6.3.
	const flags = unix.MFD_CLOEXEC
	fd, err := unix.MemfdCreate("seccomp-load", flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate("seccomp-load", flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	p := &page{os.NewFile(uintptr(fd), "seccomp-load")}
	if err := p.file.Truncate(pageSize); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *page) read(word int) uint32 {
	var text [4]byte
	if _, err := p.file.ReadAt(text[:], int64(4*word)); err != nil {
		return 0 // the process has cut its memory: it has said nothing
	}
	return binary.NativeEndian.Uint32(text[:])
}

func (p *page) write(word int, value uint32) error {
	_, err := p.file.WriteAt(binary.NativeEndian.AppendUint32(nil, value), int64(4*word))
	return err
}

// failure returns what the process has said of its failed load or execve.
func (p *page) failure(order Order, call Execve) error {
	if n := int(p.read(wordLimit)); n > 0 && n <= len(order.Limits) {
		return &LimitError{order.Limits[n-1], unix.Errno(p.read(wordLimitErrno))}
	}
	if errno := p.read(wordRefused); errno != 0 {
		return fmt.Errorf("load seccomp filter: %w", unix.Errno(errno))
	}
	if errno := p.read(wordFailed); errno != 0 {
		return &ExecveError{Execve: call, Errno: unix.Errno(errno - 1)}
	}
	return nil
}

func (p *page) close() { p.file.Close() }
