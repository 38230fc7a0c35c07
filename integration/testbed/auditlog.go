package testbed

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// AuditLog reads the kernel's AUDIT_SECCOMP records from when it was opened.
//
// The kernel has two sources, and each works where the other fails:
//
//   - The multicast group AUDIT_NLGRP_READLOG has every record, even while an
//     auditd runs. But only processes in the first network namespace can join it.
//   - /dev/kmsg, the kernel's log, is readable from any privileged container.
//     But while an auditd runs it has no records, and by default the kernel
//     drops all but ten lines in five seconds (printk_ratelimit). See kmsg.go.
//
// So AuditLog uses the group, and in another network namespace the log.
type AuditLog struct {
	file *os.File
	// line converts one read to a line of the kernel's log.
	line func(data []byte) string
	// restore undoes the changes that opening made on the host.
	restore func() error
}

// ErrAuditLost says that the kernel dropped records before they were read.
var ErrAuditLost = errors.New("the kernel dropped audit records")

// OpenAuditLog opens the source that works here. The caller closes it.
func OpenAuditLog() (*AuditLog, error) {
	if inFirstNetworkNamespace() {
		return openAuditGroup()
	}
	return openKmsg()
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
func (l *AuditLog) Drain(wait time.Duration) ([]AuditRecord, error) {
	if err := l.file.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, fmt.Errorf("set deadline on audit log: %w", err)
	}
	var (
		records []AuditRecord
		lost    error
		buf     = make([]byte, 64<<10) // more than the largest record
	)
	for {
		n, err := l.file.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return records, lost
		case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.EPIPE):
			lost = ErrAuditLost // the next read continues after the gap
		case err != nil:
			return records, fmt.Errorf("read audit log: %w", err)
		default:
			if record, ok := ParseAuditLine(l.line(buf[:n])); ok {
				records = append(records, record)
			}
		}
	}
}

// Close stops reading and undoes the changes that opening made on the host.
func (l *AuditLog) Close() error {
	return errors.Join(l.restore(), l.file.Close())
}
