package testbed

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// auditBuffer holds the records that arrive between two reads, about a
// kilobyte each in the kernel's accounting.
const auditBuffer = 16 << 20

// openAuditGroup joins the multicast group of audit records, as journald does.
func openAuditGroup() (*AuditLog, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, fmt.Errorf("open audit socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "audit") // non-blocking, so deadlines work
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, auditBuffer); err != nil {
		file.Close()
		return nil, fmt.Errorf("enlarge audit socket: %w", err)
	}
	group := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (unix.AUDIT_NLGRP_READLOG - 1)}
	if err := unix.Bind(fd, group); err != nil {
		file.Close()
		return nil, fmt.Errorf("join audit group: %w", err)
	}
	return &AuditLog{file: file, line: groupLine, restore: func() error { return nil }}, nil
}

// groupLine converts a netlink message to the line that the kernel's log has for it.
// The first two fields of the header are the length and the type of the record.
func groupLine(message []byte) string {
	if len(message) < unix.NLMSG_HDRLEN {
		return ""
	}
	kind := binary.NativeEndian.Uint16(message[4:])
	text := strings.TrimRight(string(message[unix.NLMSG_HDRLEN:]), "\x00\n")
	return fmt.Sprintf("audit: type=%d %s", kind, text)
}
