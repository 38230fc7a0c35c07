package observe

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// recordWait is how long a record of the kernel may take to be in the log: a thread of the
// kernel writes it after the process has ended (kauditd_thread).
const recordWait = 100 * time.Millisecond

// nameKilled adds the call that has killed a process by SIGSYS to the report. If the kernel's
// log does not have it, nameKilled returns the reason.
//
// The kernel records each kill by a filter (seccomp_log, kernel/seccomp.c), unless
// kernel.seccomp.actions_logged leaves kills out. It records no TRAP. The record is in the
// kernel's log unless auditd runs, or the log's rate limit was reached.
func (c *Container) nameKilled(who denials.Process, pid int) (unnamed string) {
	var record denials.Record
	for end := time.Now().Add(recordWait); ; time.Sleep(recordWait / 20) {
		var found bool
		var err error
		if record, found, err = findRecord(kernelLog, pid, c.created); found {
			break
		}
		if err != nil {
			return err.Error()
		}
		if time.Now().After(end) {
			return "the kernel's log has no record of it (it has none of TRAP, and none while auditd runs)"
		}
	}
	who.PID, who.Thread, who.Executable = pid, bounded(record.Thread), bounded(record.Executable)
	now := time.Now()
	_ = c.count(now, func() error { return nil }, func() (*denials.Denial, bool) {
		return c.tally.Place(who, c.config.Judge.DescribeKilled(record))
	})
	return ""
}

// kernelLog is the kernel's log as a device: each read returns one record.
const kernelLog = "/dev/kmsg"

// mostRecords is more than the kernel's log can hold (CONFIG_LOG_BUF_SHIFT is at most 25), so
// that a reader ends also while others write.
const mostRecords = 1 << 20

// findRecord returns the last record about a process that SIGSYS has killed. Records before
// since are about an earlier process with the same pid.
func findRecord(path string, pid int, since time.Time) (last denials.Record, found bool, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return last, false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	line := make([]byte, 8192) // CONSOLE_EXT_LOG_MAX
	for range mostRecords {
		n, err := unix.Read(fd, line)
		switch {
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.EINTR), errors.Is(err, unix.EINVAL): // overwritten, or too long
			continue
		case errors.Is(err, unix.EAGAIN), err == nil && n == 0:
			return last, found, nil
		case err != nil:
			return last, found, &os.PathError{Op: "read", Path: path, Err: err}
		}
		r, ok := denials.ParseRecord(string(line[:n]))
		if ok && r.PID == pid && r.Signal == int(unix.SIGSYS) && !r.Time.Before(since.Add(-time.Second)) {
			last, found = r, true
		}
	}
	return last, found, nil
}
