package observe

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
)

// A listener is the listener of one process that the shim has started.
type listener struct {
	fd      int
	who     denials.Process // what is the same for all threads under the listener
	threads threads
}

// A supervisor answers the notifications of a container's listeners. It lives while there
// are listeners, in one goroutine, to which all fields but epoll belong.
type supervisor struct {
	container *Container
	epoll     *os.File
	budget    *budget
	received  notification
}

// newSupervisor returns a supervisor whose epoll descriptor Go's poller can wait for.
func newSupervisor(c *Container) (*supervisor, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // os.NewFile asks for it
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return &supervisor{container: c, epoll: os.NewFile(uintptr(fd), "seccomp-listeners"), budget: newBudget(time.Now())}, nil
}

// add adds a listener. Hold the container's mu.
func (s *supervisor) add(fd int) error {
	conn, err := s.epoll.SyscallConn()
	if err != nil {
		return err
	}
	failed := conn.Control(func(epoll uintptr) {
		err = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	})
	return errors.Join(failed, os.NewSyscallError("epoll_ctl", err))
}

// run answers until the last listener is closed.
func (s *supervisor) run() {
	defer s.epoll.Close()
	conn, err := s.epoll.SyscallConn()
	if err == nil {
		err = conn.Read(func(epoll uintptr) (done bool) { return s.serve(int(epoll)) })
	}
	if err != nil {
		s.container.abandon(fmt.Errorf("wait for seccomp notifications: %w", err))
	}
}

// serve answers what waits. It returns false when nothing waits any more, and true when no
// listener is left.
func (s *supervisor) serve(epoll int) (done bool) {
	var events [8]unix.EpollEvent
	for {
		n, err := unix.EpollWait(epoll, events[:], 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			s.container.abandon(os.NewSyscallError("epoll_wait", err))
			return true
		}
		if n <= 0 && err == nil {
			return false
		}
		for _, event := range events[:max(n, 0)] {
			if s.ready(event) {
				return true
			}
		}
	}
}

// ready answers one notification of a listener, or closes a listener without processes.
func (s *supervisor) ready(event unix.EpollEvent) (done bool) {
	l := s.container.listener(int(event.Fd))
	if l == nil {
		return false
	}
	if event.Events&unix.EPOLLIN == 0 {
		return s.container.close(l)
	}
	start := time.Now()
	if err := receive(l.fd, &s.received); isPassing(err) {
		return false
	} else if err != nil {
		logrus.WithError(err).WithField("container_id", s.container.config.ID).Error("seccomp notifications cannot be received: refused calls fail with ENOSYS")
		return s.container.close(l)
	}
	s.answer(l, start)
	end := time.Now()
	if pause := s.budget.spend(end.Sub(start), end); pause > 0 {
		time.Sleep(pause)
	}
	return false
}

// answer answers the received notification. Its call is counted if the kernel takes the
// answer: if not, the call was interrupted or its thread has ended.
func (s *supervisor) answer(l *listener, now time.Time) {
	n, c := &s.received, s.container
	call := n.call()
	answer := c.config.Judge.Answer(call)
	r := response{id: n.id, error: -int32(answer.Errno)}
	if answer.Continue {
		r = response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	}
	t := l.threads.find(n.pid)
	key := examined{call.Arch, call.Nr, c.config.Judge.Examined(call)}
	d := t.known[key]
	who, described := l.who, denials.Call{}
	if d == nil {
		who, described = t.describe(n.pid, who), c.config.Judge.Describe(call)
		if !waits(l.fd, n.id) {
			return // what was read may be about another thread
		}
	}
	err := c.count(now, func() error { return send(l.fd, &r) }, func() (*denials.Denial, bool) {
		if d != nil {
			return d, false
		}
		d, isNew := c.tally.Place(who, described)
		if d != nil {
			t.keep(key, d)
		}
		return d, isNew
	})
	if err != nil && !errors.Is(err, unix.ENOENT) {
		logrus.WithError(err).WithField("container_id", c.config.ID).Error("a seccomp notification cannot be answered")
	}
}
