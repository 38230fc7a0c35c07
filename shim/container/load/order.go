package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Order tells a process which cgroups, filter and resource limits to run its program under.
type Order struct {
	// Tasks are the tasks files of cgroups (cgroup v1) that the process joins first.
	Tasks []*os.File
	// Limits are set in this order, just before the filter is loaded.
	Limits []Limit
	// Program is an array of struct sock_filter in the host's byte order; empty for
	// a process without a filter.
	Program []byte
	// Flags are SECCOMP_FILTER_FLAG_*. With NEW_LISTENER the shim takes the listener and
	// delivers it.
	Flags uint32
}

// Limit is a resource limit of setrlimit(2).
type Limit struct {
	Name       string // for errors; not sent to the process
	Resource   uint32 // RLIMIT_*
	Soft, Hard uint64
}

func (l Limit) String() string {
	return fmt.Sprintf("%s to %d (hard limit %d)", l.Name, l.Soft, l.Hard)
}

// An order as a message: this mark, the flags, the number of limits, the limits, the
// program. With the message come the page's descriptor and those of the tasks files.
const orderMark = "seccomp3"

const (
	instructionSize = 8
	headerSize      = len(orderMark) + 4 + 4
	limitSize       = 4 + 8 + 8
	maxLimits       = 64 // RLIM_NLIMITS is 16
	maxTasks        = 64 // Linux 6.18 has 14 controllers, and hierarchies may have names
	maxOrder        = headerSize + maxLimits*limitSize + 4096*instructionSize
)

func (o Order) listens() bool { return o.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 }

func (o Order) encode() []byte {
	raw := []byte(orderMark)
	raw = binary.NativeEndian.AppendUint32(raw, o.Flags)
	raw = binary.NativeEndian.AppendUint32(raw, uint32(len(o.Limits)))
	for _, l := range o.Limits {
		raw = binary.NativeEndian.AppendUint32(raw, l.Resource)
		raw = binary.NativeEndian.AppendUint64(raw, l.Soft)
		raw = binary.NativeEndian.AppendUint64(raw, l.Hard)
	}
	return append(raw, o.Program...)
}

func decodeOrder(raw []byte) (o Order, err error) {
	if len(raw) < headerSize || string(raw[:len(orderMark)]) != orderMark {
		return o, errors.New("no order has come from the shim")
	}
	raw = raw[len(orderMark):]
	o.Flags = binary.NativeEndian.Uint32(raw)
	limits := int(binary.NativeEndian.Uint32(raw[4:]))
	raw = raw[8:]
	if limits > maxLimits || len(raw) < limits*limitSize {
		return o, fmt.Errorf("the order is cut off: %d limits in %d bytes", limits, len(raw))
	}
	for range limits {
		o.Limits = append(o.Limits, Limit{
			Resource: binary.NativeEndian.Uint32(raw),
			Soft:     binary.NativeEndian.Uint64(raw[4:]),
			Hard:     binary.NativeEndian.Uint64(raw[12:]),
		})
		raw = raw[limitSize:]
	}
	if o.Program = raw; len(raw)%instructionSize != 0 {
		return o, fmt.Errorf("the order is cut off: %d bytes of program", len(raw))
	}
	return o, nil
}

// Execve is the call of execve(2) by which a process becomes the user's program,
// as its filter sees it.
type Execve struct {
	Path string
	Args [3]uint64 // addresses of the path, the arguments and the environment
}

func (e Execve) encode() []byte {
	var raw []byte
	for _, arg := range e.Args {
		raw = binary.NativeEndian.AppendUint64(raw, arg)
	}
	return append(raw, e.Path...)
}

func decodeExecve(raw []byte) (e Execve, err error) {
	for i := range e.Args {
		if len(raw) < 8 {
			return e, errors.New("wait for the program to run: the process's message is cut off")
		}
		e.Args[i] = binary.NativeEndian.Uint64(raw)
		raw = raw[8:]
	}
	e.Path = string(raw)
	return e, nil
}
