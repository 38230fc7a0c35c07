package load

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// notification and response are struct seccomp_notif and seccomp_notif_resp of
// <linux/seccomp.h>.
type notification struct {
	id         uint64
	pid, flags uint32
	data       [bpf.DataSize]byte
}

type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

const flagContinue = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// letAll answers all notifications until the process ends, and counts them.
func letAll(fd int) (numbers []uint32) {
	for {
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(polled, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return numbers
		}
		if polled[0].Revents&unix.POLLIN == 0 {
			if polled[0].Revents&unix.POLLHUP != 0 {
				return numbers
			}
			continue
		}
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue
		}
		numbers = append(numbers, *(*uint32)(unsafe.Pointer(&n.data)))
		r := response{id: n.id, flags: flagContinue}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r)))
	}
}

// An agent is asked about every call, from execve on, and about nothing else.
func TestListenerAsDefaultAction(t *testing.T) {
	needRoot(t)
	path := minimal(t)
	order := only(t, bpf.UserNotif)
	order.Flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	for _, how := range []string{"0 false ", "1000 false ", "1000 true "} {
		asked := make(chan []uint32, 1)
		got := runInner(t, order, how+path, func(_ int, listener *os.File) error {
			fd, err := unix.FcntlInt(listener.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return err
			}
			go func() {
				asked <- letAll(fd)
				unix.Close(fd)
			}()
			return nil
		})
		if got.awaited != nil || got.stdout != "ran\n" || got.status.ExitStatus() != 7 {
			t.Fatalf("got %+v", got)
		}
		numbers := <-asked
		want := []uint32{unix.SYS_EXECVE, unix.SYS_WRITE, unix.SYS_EXIT_GROUP}
		if len(numbers) != len(want) {
			t.Fatalf("asked about %v, not %v", numbers, want)
		}
		for i := range want {
			if numbers[i] != want[i] {
				t.Errorf("asked about %v, not %v", numbers, want)
			}
		}
	}
}

// Without an agent the program does not run.
func TestListenerThatNobodyTakes(t *testing.T) {
	needRoot(t)
	order := only(t, bpf.Allow)
	order.Flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	got := runInner(t, order, "0 false "+minimal(t), func(int, *os.File) error { return errors.New("no agent") })
	if got.awaited == nil || !strings.Contains(got.awaited.Error(), "no agent") || got.stdout != "" || got.status.ExitStatus() != 255 {
		t.Errorf("got %+v", got)
	}
}

// A signal that comes under the filter, here while the process waits for its agent, runs no
// handler. The Go runtime has a handler for nearly every signal, and sends SIGURG to its own
// threads; the handler's rt_sigreturn(2) would be filtered.
func TestSignalUnderTheFilter(t *testing.T) {
	needRoot(t)
	order := only(t, bpf.KillProcess, unix.SYS_WRITE, unix.SYS_EXIT_GROUP, unix.SYS_EXECVE)
	order.Flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	got := runInner(t, order, "0 false "+minimal(t), func(pid int, _ *os.File) error {
		for range 20 { // the kernel keeps one of each: let it be delivered
			if err := unix.Tgkill(pid, pid, unix.SIGURG); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return nil
	})
	if got.awaited != nil || got.stdout != "ran\n" || got.status.ExitStatus() != 7 {
		t.Errorf("got %+v", got)
	}
}

// A process that has ended and was reaped meanwhile counts as killed.
func TestListenerOfReapedProcess(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := takeDescriptor(cmd.Process.Pid, 0); !errors.Is(err, ErrKilled) {
		t.Errorf("got %v", err)
	}
}
