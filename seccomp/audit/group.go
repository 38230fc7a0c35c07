package audit

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// A Group is a member of the audit multicast group. Its socket's filter lets only the records
// of seccomp pass.
type Group struct {
	Source
	port uint32 // the socket's netlink address
}

// JoinGroup joins the group. buffer is how many bytes wait for the reader, about a kilobyte
// for each record; 0 leaves the kernel's default.
func JoinGroup(buffer int) (*Group, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, os.NewSyscallError("audit socket", err)
	}
	port, err := join(fd, buffer)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	source, err := newSource(fd, "the audit group", parseMessage)
	if err != nil {
		return nil, err
	}
	return &Group{*source, port}, nil
}

func join(fd, buffer int) (port uint32, _ error) {
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, seccompRecords()); err != nil {
		return 0, os.NewSyscallError("filter of the audit socket", err)
	}
	if buffer > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer); err != nil {
			return 0, os.NewSyscallError("buffer of the audit socket", err)
		}
	}
	group := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (unix.AUDIT_NLGRP_READLOG - 1)}
	if err := unix.Bind(fd, group); err != nil {
		return 0, os.NewSyscallError("join the audit group", err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	own, ok := address.(*unix.SockaddrNetlink)
	if !ok {
		return 0, fmt.Errorf("the audit socket has the address %T", address)
	}
	return own.Pid, nil
}

// seccompRecords is a socket filter for messages of type AUDIT_SECCOMP. BPF loads the type
// in network byte order, and nlmsghdr has it in that of the host.
func seccompRecords() *unix.SockFprog {
	const auditSeccomp, typeOffset = 1326, 4
	loaded := uint32(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, auditSeccomp)))
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: typeOffset},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: loaded, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: ^uint32(0)},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
	return &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
}

// parseMessage parses a netlink message of the group, which is a record without the mark that
// it has in the kernel's log.
func parseMessage(message []byte) Entry {
	if len(message) < unix.NLMSG_HDRLEN {
		return Entry{}
	}
	text := strings.TrimRight(string(message[unix.NLMSG_HDRLEN:]), "\x00\n")
	if r, ok := denials.ParseRecord("audit: type=1326 " + text); ok {
		return Entry{Record: &r}
	}
	return Entry{}
}

// Dropped returns how many records the kernel could not give to this member, because it reads
// too slowly.
func (g *Group) Dropped() (uint64, error) {
	const path = "/proc/self/net/netlink"
	table, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return dropsOf(string(table), g.port)
}

// dropsOf finds a socket of NETLINK_AUDIT in the kernel's table (netlink_native_seq_show,
// net/netlink/af_netlink.c):
//
//	sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
func dropsOf(table string, port uint32) (uint64, error) {
	const protocol, pid, drops = 1, 2, 8
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) > drops && columns[protocol] == strconv.Itoa(unix.NETLINK_AUDIT) && columns[pid] == strconv.FormatUint(uint64(port), 10) {
			return strconv.ParseUint(columns[drops], 10, 64)
		}
	}
	return 0, fmt.Errorf("audit socket %d is not in /proc/net/netlink", port)
}
