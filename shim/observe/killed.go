package observe

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// recordWait is how long a record of the kernel may take to arrive: a thread of the kernel
// sends it after the process has ended.
const recordWait = 100 * time.Millisecond

// attribute adds the call of a record to the report, if the container's process has made it:
// one that the shim has started, or one in the container's cgroups. It returns false if not.
func (c *Container) attribute(r denials.Record, where cgroups) bool {
	c.mu.Lock()
	who, started := c.processes[r.PID]
	inside := c.cgroups.hold(where)
	c.mu.Unlock()
	switch {
	case started:
		c.addKilled(who, r)
	case inside:
		c.countKilled(denials.Process{Kind: denials.Descendant}, r, func() error { return nil })
	}
	return started || inside
}

// addKilled adds the call of a process that the shim has started. There are two sources for
// it, and each may be the first.
func (c *Container) addKilled(who denials.Process, r denials.Record) {
	c.countKilled(who, r, func() error {
		if c.killed[r.PID] >= r.Serial {
			return errAdded
		}
		c.killed[r.PID] = r.Serial
		return nil
	})
}

var errAdded = errors.New("the record was added before")

// countKilled counts the call of a record, if isNew returns nil under the container's mu.
func (c *Container) countKilled(who denials.Process, r denials.Record, isNew func() error) {
	who.PID, who.Thread, who.Executable = r.PID, bounded(r.Thread), bounded(r.Executable)
	_ = c.count(r.Time, isNew, func() (*denials.Denial, bool) { return c.tally.Place(who, c.config.Judge.DescribeKilled(r)) })
}

// nameKilled waits until the call that has killed a process of the shim is in the report. If
// the kernel does not say which one it was, nameKilled returns the reason.
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
	for end := time.Now().Add(recordWait); !c.hasKilled(pid); time.Sleep(recordWait / 20) {
		if err == nil {
			if record, found := findRecord(log, ours); found {
				c.addKilled(who, record)
				break
			}
		}
		if time.Now().After(end) {
			reason := "the kernel has no record of it (it has none of TRAP)" + c.perhaps()
			if err := errors.Join(err, c.config.Kills.failure()); err != nil {
				reason += ", or it cannot be read: " + err.Error()
			}
			return reason
		}
	}
	return ""
}

// perhaps names the call of a vanished process that may have been a child of the first one.
func (c *Container) perhaps() string {
	var call denials.Call
	r, found := c.config.Kills.findVanished(func(r denials.Record) bool {
		call = c.config.Judge.DescribeKilled(r)
		return call.Rule != "" && !r.Time.Before(c.created.Add(-time.Second))
	})
	if !found {
		return ""
	}
	return fmt.Sprintf("; one of %s, in %s, is of a process that vanished before its container was known, perhaps of this one", call.Text, mistake.Shown(bounded(r.Executable)))
}

func (c *Container) hasKilled(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, found := c.killed[pid]
	return found
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
