package testbed

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// printkRateLimit is the number of seconds in which printk_ratelimit_burst
// lines (ten) of all rate-limited messages together get through. One start of
// a container under an audit profile makes some hundreds. 0 is "no limit".
const printkRateLimit = "/proc/sys/kernel/printk_ratelimit"

// openKmsg opens the kernel's log at its end and lifts its rate limit, which
// is the whole machine's, until Close. Only one at a time may do so, or the
// second would take the lifted limit for the usual one and restore that. The lock
// is for this; it may have to wait for another process.
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
