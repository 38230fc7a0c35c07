package audit

import (
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// An Entry is what a source says. One of its fields is set.
type Entry struct {
	Record *denials.Record
	// Gap says that the reader was too slow: records were dropped before it read them.
	Gap bool
	// Suppressed is how many lines the kernel did not write to its log, by its rate limit.
	Suppressed uint64
}

// A Source is the audit group or the kernel's log. It is not for concurrent use.
type Source struct {
	file    *os.File
	conn    syscall.RawConn
	parse   func([]byte) Entry
	message []byte
}

// newSource reads from a descriptor that does not block, and closes it if it cannot.
func newSource(fd int, name string, parse func([]byte) Entry) (*Source, error) {
	file := os.NewFile(uintptr(fd), name)
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, err
	}
	// A record has at most 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH), a line of the log 8,192
	// (CONSOLE_EXT_LOG_MAX).
	return &Source{file, conn, parse, make([]byte, 16<<10)}, nil
}

// Next returns the next entry, or io.EOF if there is none now.
func (s *Source) Next() (Entry, error) { return s.next(false) }

// Await returns the next entry, and waits for it. The goroutine waits in Go's poller, without
// a thread.
func (s *Source) Await() (Entry, error) { return s.next(true) }

// Close closes the source.
func (s *Source) Close() error { return s.file.Close() }

// MostLines is more than the kernel's log can hold (CONFIG_LOG_BUF_SHIFT is at most 25), so
// that a loop ends also while others write to it.
const MostLines = 1 << 20

func (s *Source) next(wait bool) (Entry, error) {
	for skipped := 0; wait || skipped < MostLines; skipped++ {
		n, err := s.read(wait)
		switch {
		case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.EPIPE):
			return Entry{Gap: true}, nil // the next read goes on after the gap
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return Entry{}, io.EOF
		case err != nil:
			return Entry{}, os.NewSyscallError("read "+s.file.Name(), err)
		}
		if entry := s.parse(s.message[:n]); entry != (Entry{}) {
			return entry, nil
		}
	}
	return Entry{}, io.EOF
}

func (s *Source) read(wait bool) (n int, err error) {
	closed := s.conn.Read(func(fd uintptr) (done bool) {
		n, err = unix.Read(int(fd), s.message)
		return !wait || !errors.Is(err, unix.EAGAIN)
	})
	return n, errors.Join(err, closed)
}
