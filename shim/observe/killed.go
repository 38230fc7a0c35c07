package observe

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// recordWait is how long a record of the kernel may take to arrive: a thread of the kernel
// sends it after the process has ended (kauditd_thread, kernel/audit.c).
const recordWait = 100 * time.Millisecond

// nameKilled adds the call that has killed a process by SIGSYS to the report. If the kernel
// does not say which one it was, nameKilled returns the reason.
//
// The kernel records each kill by a filter (seccomp_log, kernel/seccomp.c), unless
// kernel.seccomp.actions_logged leaves kills out, and no TRAP. Records go to the audit
// multicast group, and, unless auditd runs, to the kernel's log.
func (c *Container) nameKilled(who denials.Process, pid int) (unnamed string) {
	if !inFirstPIDNamespace() {
		return "the kernel's records have the pids of the first pid namespace, and this node runs in another one"
	}
	log, err := openKernelLog()
	if err == nil {
		defer unix.Close(log)
	}
	ours := func(r denials.Record) bool { // an earlier process may have had the same pid
		return r.PID == pid && r.Signal == int(unix.SIGSYS) && !r.Time.Before(c.created.Add(-time.Second))
	}
	var record denials.Record
	for end := time.Now().Add(recordWait); ; time.Sleep(recordWait / 20) {
		var found bool
		if record, found = c.config.Kills.find(ours); found {
			break
		}
		if err == nil {
			if record, found = findRecord(log, ours); found {
				break
			}
		}
		if time.Now().After(end) {
			reason := "the kernel has no record of it (it has none of TRAP)"
			if err := errors.Join(err, c.config.Kills.failure()); err != nil {
				reason += ", or it cannot be read: " + err.Error()
			}
			return reason
		}
	}
	who.PID, who.Thread, who.Executable = pid, bounded(record.Thread), bounded(record.Executable)
	_ = c.count(time.Now(), func() error { return nil }, func() (*denials.Denial, bool) {
		return c.tally.Place(who, c.config.Judge.DescribeKilled(record))
	})
	return ""
}

// inFirstPIDNamespace reports whether pids here are those of the kernel's records. On a kind
// node they are not, and could be those of other processes.
func inFirstPIDNamespace() bool {
	const first = "pid:[4026531836]" // PROC_PID_INIT_INO (include/linux/proc_ns.h)
	target, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && target == first
}

// openKernelLog opens the kernel's log, at its start: each read returns one record. It
// returns a bare descriptor, because a read of an os.File waits for the next record.
func openKernelLog() (fd int, err error) {
	const path = "/dev/kmsg"
	if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// mostRecords is more than the kernel's log can hold (CONFIG_LOG_BUF_SHIFT is at most 25), so
// that a reader ends also while others write.
const mostRecords = 1 << 20

// findRecord returns the last record that is wanted, of those that were not read yet.
func findRecord(log int, wanted func(denials.Record) bool) (last denials.Record, found bool) {
	line := make([]byte, 8192) // CONSOLE_EXT_LOG_MAX
	for range mostRecords {
		n, err := unix.Read(log, line)
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EINTR) { // records were overwritten
			continue
		}
		if err != nil || n == 0 { // EAGAIN: there are no more yet
			return last, found
		}
		if r, ok := denials.ParseRecord(string(line[:n])); ok && wanted(r) {
			last, found = r, true
		}
	}
	return last, found
}
