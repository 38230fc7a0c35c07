package integration

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// notification is struct seccomp_notif of <linux/seccomp.h>.
type notification struct {
	id         uint64
	pid, flags uint32
	data       [bpf.DataSize]byte
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// serve receives a process's state and descriptor, and answers its calls.
func (a *agent) serve(conn *net.UnixConn) error {
	defer conn.Close()
	data, oob := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := conn.ReadMsgUnix(data, oob)
	if err != nil {
		return err
	}
	var state specs.ContainerProcessState
	if err := json.Unmarshal(data[:n], &state); err != nil {
		return fmt.Errorf("%w in %q", err, data[:n])
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return fmt.Errorf("%d control messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	a.states <- state
	listener := os.NewFile(uintptr(fds[0]), "listener")
	if a.silent.Load() {
		a.unanswered = append(a.unanswered, listener) // the kernel answers when it is closed
		return nil
	}
	go a.answer(listener)
	return nil
}

// answer answers every notification until no process is left that could send one.
func (a *agent) answer(listener *os.File) {
	defer listener.Close()
	fd := int(listener.Fd())
	for {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil && err != unix.EINTR {
			return
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			if poll[0].Revents != 0 {
				return
			}
			continue
		}
		var n notification
		if ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) != nil {
			continue // the process was killed meanwhile
		}
		r := a.respond(n)
		_ = ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)) // the process may have been killed
	}
}

// respond returns the agent's answer: getpgid succeeds with 4242, getsid fails with
// ENOTNAM, execve fails with EINTR as often as interruptions says, and all other calls
// run.
func (a *agent) respond(n notification) response {
	r := response{id: n.id}
	switch *(*int32)(unsafe.Pointer(&n.data[bpf.OffsetNr])) {
	case unix.SYS_GETPGID:
		r.value = 4242
	case unix.SYS_GETSID:
		r.error = -int32(unix.ENOTNAM)
	case unix.SYS_EXECVE:
		if a.interruptions.Add(-1) >= 0 {
			r.error = -int32(unix.EINTR)
			return r
		}
		fallthrough
	default:
		r.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
	}
	return r
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
