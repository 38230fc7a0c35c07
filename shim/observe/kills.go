package observe

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// Kills are the kernel's latest records of kills by seccomp filters on this node, of any
// container. The zero value reads nothing until a container needs it. It is shared by the
// containers of a shim.
type Kills struct {
	once sync.Once

	mu   sync.Mutex
	err  error            // guarded by mu; why no record comes
	last []denials.Record // guarded by mu; the latest, at most mostKills
}

// mostKills is how many records are kept: a record is looked for right after the exit that
// it explains.
const mostKills = 64

// watch reads records from now on. They come from the audit multicast group (Linux 3.16),
// which is there with and without auditd, in the first network namespace.
func (k *Kills) watch() {
	k.once.Do(func() {
		file, err := openAuditGroup()
		if err != nil {
			k.fail(err)
			return
		}
		go k.read(file)
	})
}

func (k *Kills) read(file *os.File) {
	defer file.Close()
	message := make([]byte, 16<<10) // a record has at most 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH)
	for {
		n, err := file.Read(message)
		if err != nil && !isOverflow(err) {
			k.fail(err)
			return
		}
		if err != nil || n < unix.NLMSG_HDRLEN {
			continue
		}
		text := strings.TrimRight(string(message[unix.NLMSG_HDRLEN:n]), "\x00\n")
		if r, ok := denials.ParseRecord("audit: type=1326 " + text); ok && r.Signal == int(unix.SIGSYS) {
			k.add(r)
		}
	}
}

// isOverflow reports whether records were lost: others filled the socket's buffer.
func isOverflow(err error) bool {
	return errors.Is(err, unix.ENOBUFS)
}

func (k *Kills) add(r denials.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.last) >= mostKills {
		k.last = slices.Delete(k.last, 0, 1)
	}
	k.last = append(k.last, r)
}

func (k *Kills) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func (k *Kills) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// find returns the latest record that is wanted.
func (k *Kills) find(wanted func(denials.Record) bool) (denials.Record, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range slices.Backward(k.last) {
		if wanted(r) {
			return r, true
		}
	}
	return denials.Record{}, false
}

// openAuditGroup joins the group of audit records. The socket's filter lets only those of
// seccomp pass.
func openAuditGroup() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, os.NewSyscallError("audit socket", err)
	}
	file := os.NewFile(uintptr(fd), "audit")
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, seccompRecords()); err != nil {
		file.Close()
		return nil, os.NewSyscallError("filter of the audit socket", err)
	}
	group := &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (unix.AUDIT_NLGRP_READLOG - 1)}
	if err := unix.Bind(fd, group); err != nil {
		file.Close()
		return nil, os.NewSyscallError("join the audit group", err)
	}
	return file, nil
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
