package audit

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// A Log is a reader of the kernel's log.
type Log struct{ Source }

// OpenLog opens the kernel's log at its first line.
func OpenLog() (*Log, error) {
	const path = "/dev/kmsg"
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	source, err := newSource(fd, path, func(line []byte) Entry { return parseLine(string(line)) })
	if err != nil {
		return nil, err
	}
	return &Log{*source}, nil
}

// SkipPast goes to the end of the log.
func (l *Log) SkipPast() error {
	_, err := l.file.Seek(0, io.SeekEnd)
	return err
}

// parseLine parses a line of the log, "level,sequence,time,flags;text".
func parseLine(line string) Entry {
	if r, ok := denials.ParseRecord(line); ok {
		return Entry{Record: &r}
	}
	return Entry{Suppressed: suppressed(line)}
}

// suppressed returns the number of a line that says how many lines the rate limit has
// suppressed (___ratelimit, lib/ratelimit.c), or 0.
func suppressed(line string) uint64 {
	const writer, end = ";kauditd_printk_skb: ", " callbacks suppressed"
	_, rest, found := strings.Cut(line, writer)
	number, _, complete := strings.Cut(rest, end)
	if !found || !complete {
		return 0
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
