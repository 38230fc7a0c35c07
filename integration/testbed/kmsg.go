package testbed

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// printkRateLimit is the number of seconds in which the kernel prints at most
// printk_ratelimit_burst lines (ten) of all rate-limited messages. One start of a
// container under an audit profile makes some hundreds. 0 means no limit.
const printkRateLimit = "/proc/sys/kernel/printk_ratelimit"

// liftRateLimit lifts the rate limit of the kernel's log until restore is called. The
// whole machine has one limit. A lock on the log lets only one process lift it at a time:
// otherwise a second process would read 0 as the usual limit, and restore 0 at its end.
// liftRateLimit may wait for the lock.
func liftRateLimit() (restore func() error, _ error) {
	log, err := os.Open("/dev/kmsg")
	if err != nil {
		return nil, fmt.Errorf("open kernel log: %w", err)
	}
	if err := unix.Flock(int(log.Fd()), unix.LOCK_EX); err != nil {
		log.Close()
		return nil, fmt.Errorf("lock kernel log: %w", err)
	}
	limit, err := os.ReadFile(printkRateLimit)
	if err == nil {
		err = os.WriteFile(printkRateLimit, []byte("0"), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lift rate limit of kernel log: %w", err), log.Close())
	}
	return func() error {
		if err := os.WriteFile(printkRateLimit, limit, 0); err != nil {
			return errors.Join(fmt.Errorf("restore rate limit of kernel log: %w", err), log.Close())
		}
		return log.Close()
	}, nil
}
