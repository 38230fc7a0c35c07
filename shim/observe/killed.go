package observe

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// recordWait is how long a record of the kernel may take to arrive: a thread of the kernel
// sends it after the process has ended.
const recordWait = 100 * time.Millisecond

// nameKilled adds the call that has killed a process by SIGSYS to the report. If the kernel
// does not say which one it was, nameKilled returns the reason.
//
// The kernel records each kill by a filter (seccomp_log, kernel/seccomp.c), unless
// kernel.seccomp.actions_logged leaves kills out, and no TRAP.
func (c *Container) nameKilled(who denials.Process, pid int) (unnamed string) {
	if !audit.InFirstPIDNamespace() {
		return "the kernel's records have the pids of the first pid namespace, and this node runs in another one"
	}
	log, err := audit.OpenLog()
	if err == nil {
		defer log.Close()
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

// findRecord returns the last record that is wanted, of those that were not read yet.
func findRecord(log *audit.Log, wanted func(denials.Record) bool) (last denials.Record, found bool) {
	for range audit.MostLines {
		entry, err := log.Next()
		if err != nil {
			break
		}
		if r := entry.Record; r != nil && wanted(*r) {
			last, found = *r, true
		}
	}
	return last, found
}
