package testbed

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// printkRateLimit is the number of seconds in which the kernel prints at most
// printk_ratelimit_burst lines (ten) of all rate-limited messages. One start of a
// container under an audit profile makes some hundreds. 0 means no limit.
const printkRateLimit = "/proc/sys/kernel/printk_ratelimit"

// openKmsg opens the kernel's log at its end, and lifts its rate limit until Close. The
// whole machine has one limit. A lock on the log lets only one process lift it at a time:
// otherwise a second process would read 0 as the usual limit, and restore 0 at its end.
// openKmsg may wait for the lock.
func openKmsg() (*AuditLog, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open kernel log: %w", err)
	}
	file := os.NewFile(uintptr(fd), "/dev/kmsg") // non-blocking, so deadlines work
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		file.Close()
		return nil, fmt.Errorf("seek in kernel log: %w", err)
	}
	if err := unix.Flock(fd, unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock kernel log: %w", err)
	}
	limit, err := os.ReadFile(printkRateLimit)
	if err == nil {
		err = os.WriteFile(printkRateLimit, []byte("0"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lift rate limit of kernel log: %w", err), file.Close())
	}
	restore := func() error {
		if err := os.WriteFile(printkRateLimit, limit, 0); err != nil {
			return fmt.Errorf("restore rate limit of kernel log: %w", err)
		}
		return nil
	}
	// A read returns one record: "level,sequence,time,flags;text\n".
	return &AuditLog{file: file, line: func(data []byte) string { return string(data) }, restore: restore}, nil
}
