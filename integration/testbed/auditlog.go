package testbed

import (
	"errors"
	"fmt"
	"os"
	"time"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// AuditLog reads the kernel's AUDIT_SECCOMP records from when it was opened. In another
// network namespace than the first one it has only those of the kernel's log, so it lifts the
// log's rate limit there.
type AuditLog struct {
	reader *audit.Reader
	// restore undoes the changes that opening made on the host.
	restore func() error
}

// ErrAuditLost says that the kernel dropped records before they were read.
var ErrAuditLost = errors.New("the kernel dropped audit records")

// OpenAuditLog opens the kernel's records. The caller closes them.
func OpenAuditLog() (*AuditLog, error) {
	restore := func() error { return nil }
	if !inFirstNetworkNamespace() {
		var err error
		if restore, err = liftRateLimit(); err != nil {
			return nil, err
		}
	}
	reader, err := audit.Follow()
	if err != nil {
		return nil, errors.Join(err, restore())
	}
	return &AuditLog{reader, restore}, nil
}

// inFirstNetworkNamespace compares the own namespace with that of kthreadd, which
// cannot leave the first one. In a container with processes of its own, process 2 is
// another program or does not exist.
func inFirstNetworkNamespace() bool {
	const kthreadd = "/proc/2"
	comm, err := os.ReadFile(kthreadd + "/comm")
	if err != nil || string(comm) != "kthreadd\n" {
		return false
	}
	first, err := os.Readlink(kthreadd + "/ns/net")
	if err != nil {
		return false
	}
	own, err := os.Readlink("/proc/self/ns/net")
	return err == nil && own == first
}

// Drain returns the records that arrived since the last call, and those that arrive
// within the time wait, in the kernel's order. A thread of the kernel delivers a record
// some milliseconds after its call. Drain does not wait for a pause between records: on a
// busy host the records of other processes never pause.
//
// If the error is ErrAuditLost, the records are incomplete.
func (l *AuditLog) Drain(wait time.Duration) ([]denials.Record, error) {
	const pause = 10 * time.Millisecond // the kernel's log is small
	var records []denials.Record
	var lost error
	for end := time.Now().Add(wait); ; time.Sleep(pause) {
		newer, loss, err := l.reader.Read()
		if err != nil {
			return records, fmt.Errorf("read audit records: %w", err)
		}
		records = append(records, newer...)
		if loss != (audit.Loss{}) {
			lost = ErrAuditLost
		}
		if time.Now().After(end) {
			return records, lost
		}
	}
}

// Close stops reading and undoes the changes that opening made on the host.
func (l *AuditLog) Close() error {
	return errors.Join(l.restore(), l.reader.Close())
}
