package audit

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A Status is what the kernel says about its audit.
type Status struct {
	Daemon uint32 // pid of the audit daemon, 0 if there is none
	Lost   uint32 // records that were lost since the machine has started
}

// ReadStatus asks the kernel. It needs CAP_AUDIT_CONTROL in the first pid namespace.
func ReadStatus() (Status, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return Status{}, os.NewSyscallError("audit socket", err)
	}
	defer unix.Close(fd)
	timeout := unix.Timeval{Sec: 1}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return Status{}, os.NewSyscallError("timeout of the audit socket", err)
	}
	request := header(unix.NLMSG_HDRLEN, unix.AUDIT_GET, unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return Status{}, os.NewSyscallError("ask the kernel's audit", err)
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return Status{}, os.NewSyscallError("answer of the kernel's audit", err)
	}
	return parseStatus(answer[:n])
}

// header returns an nlmsghdr.
func header(length uint32, kind, flags uint16) []byte {
	b := binary.NativeEndian.AppendUint32(nil, length)
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	return append(b, make([]byte, 8)...) // sequence and port
}

// parseStatus parses an nlmsghdr with struct audit_status (linux/audit.h), or with the error
// that NLMSG_ERROR has.
func parseStatus(message []byte) (Status, error) {
	const kind, pid, lost, size = 4, 12, 24, 28
	if len(message) < unix.NLMSG_HDRLEN+4 {
		return Status{}, fmt.Errorf("the kernel's audit answers with %d bytes", len(message))
	}
	body := message[unix.NLMSG_HDRLEN:]
	switch got := binary.NativeEndian.Uint16(message[kind:]); {
	case got == unix.NLMSG_ERROR:
		errno := -int32(binary.NativeEndian.Uint32(body))
		return Status{}, os.NewSyscallError("ask the kernel's audit", unix.Errno(errno))
	case got != unix.AUDIT_GET || len(body) < size:
		return Status{}, fmt.Errorf("the kernel's audit answers with message %d of %d bytes", got, len(message))
	}
	return Status{binary.NativeEndian.Uint32(body[pid:]), binary.NativeEndian.Uint32(body[lost:])}, nil
}
