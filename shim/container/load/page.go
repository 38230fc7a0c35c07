package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A page is memory that the shim and the process share. A process whose filter denies every
// system call can still store a word. The words outlive the process.
//
// The shim reads and writes the page as a file, so that the process cannot cause a fault
// in the shim by truncating it.
type page struct{ file *os.File }

// The words of a page, by their index. Each is 0 until one side sets it, once.
const (
	wordListener   = iota // by the process: the listener's descriptor plus 1
	wordTasks             // by the process: the index of the cgroup that it could not join, plus 1
	wordTasksErrno        // by the process: the errno of write(2) to the tasks file
	wordLimit             // by the process: the index of the limit that could not be set, plus 1
	wordLimitErrno        // by the process: the errno of prlimit(2)
	wordRefused           // by the process: the errno of seccomp(2)
	wordFailed            // by the process: the errno of execve(2) plus 1, since a filter can answer 0
	wordResume            // by the shim: how to continue after wordListener, one of resume*
	words
)

const (
	resumeExecve = 1 // the agent has the listener: call execve
	resumeEnd    = 2 // the agent does not have it: exit
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
		return 0 // the process has truncated the memory: the word counts as not set
	}
	return binary.NativeEndian.Uint32(text[:])
}

func (p *page) write(word int, value uint32) error {
	_, err := p.file.WriteAt(binary.NativeEndian.AppendUint32(nil, value), int64(4*word))
	return err
}

// failure returns the error that the process has stored: of a cgroup, of a limit, of the load or of
// execve. It returns nil if there is none.
func (p *page) failure(order Order, call Execve) error {
	if n := int(p.read(wordTasks)); n > 0 && n <= len(order.Tasks) {
		return fmt.Errorf("join cgroup: write %s: %w", order.Tasks[n-1].Name(), unix.Errno(p.read(wordTasksErrno)))
	}
	if n := int(p.read(wordLimit)); n > 0 && n <= len(order.Limits) {
		return &LimitError{order.Limits[n-1], unix.Errno(p.read(wordLimitErrno))}
	}
	if errno := p.read(wordRefused); errno != 0 {
		if err := unix.Errno(errno); err == unix.EBUSY { // seccomp(2)
			return fmt.Errorf("load seccomp filter: %w (the shim itself is under a filter with a listener, and a process has one listener at most)", err)
		}
		return fmt.Errorf("load seccomp filter: %w", unix.Errno(errno))
	}
	if errno := p.read(wordFailed); errno != 0 {
		return &ExecveError{Execve: call, Errno: unix.Errno(errno - 1)}
	}
	return nil
}

func (p *page) close() { p.file.Close() }
