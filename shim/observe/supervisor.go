package observe

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
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
	resume    time.Time // when the budget allows more work
	waiting   []question
	received  notification
}

// A question is a received notification that waits for its answer.
type question struct {
	from   *listener
	id     uint64
	thread uint32
	call   bpf.Data
}

// mostWaiting bounds the queue. A thread waits for one answer at a time.
const mostWaiting = 1024

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

// run answers until the last listener is closed. A panic ends the observation and not the
// shim, which would leave its containers alone.
func (s *supervisor) run() {
	defer s.epoll.Close()
	defer func() {
		if v := recover(); v != nil {
			s.container.abandon(fmt.Errorf("panic: %v", v))
		}
	}()
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
//
// All waiting calls are received before one of them is answered: a signal can interrupt a
// call until then.
func (s *supervisor) serve(epoll int) (done bool) {
	for {
		if s.receiveAll(epoll) {
			return true
		}
		if len(s.waiting) == 0 {
			return false
		}
		time.Sleep(s.pause()) // 0, unless the queue is full
		next := s.waiting[0]
		s.waiting = slices.Delete(s.waiting, 0, 1)
		start := time.Now()
		s.answer(next, start)
		s.charge(start)
	}
}

// receiveAll receives what there is, and what comes while the budget demands a pause. It
// returns true when no listener is left.
func (s *supervisor) receiveAll(epoll int) (done bool) {
	var events [8]unix.EpollEvent
	for len(s.waiting) < mostWaiting {
		wait := 0
		if len(s.waiting) > 0 {
			wait = int((s.pause() + time.Millisecond - 1) / time.Millisecond)
		}
		n, err := unix.EpollWait(epoll, events[:], wait)
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
	return false
}

// ready receives one notification of a listener, or closes a listener without processes.
func (s *supervisor) ready(event unix.EpollEvent) (done bool) {
	l := s.container.listener(int(event.Fd))
	if l == nil {
		return false
	}
	if event.Events&unix.EPOLLIN == 0 {
		return s.container.close(l)
	}
	start := time.Now()
	err := receive(l.fd, &s.received)
	if err == nil {
		s.waiting = append(s.waiting, question{l, s.received.id, s.received.pid, s.received.call()})
	} else if !isPassing(err) {
		logrus.WithError(err).WithField("container_id", s.container.config.ID).Error("seccomp notifications cannot be received: refused calls fail with ENOSYS")
		return s.container.close(l)
	}
	s.charge(start)
	return false
}

// charge charges the budget for the work since start.
func (s *supervisor) charge(start time.Time) {
	now := time.Now()
	s.resume = now.Add(s.budget.spend(now.Sub(start), now))
}

// pause returns how long no call may be answered.
func (s *supervisor) pause() time.Duration { return max(0, time.Until(s.resume)) }

// answer answers a call, and counts it if the kernel takes the answer: if not, the call was
// interrupted or its thread has ended.
func (s *supervisor) answer(q question, now time.Time) {
	l, call, c := q.from, q.call, s.container
	answer := c.config.Judge.Answer(call)
	r := response{id: q.id, error: -int32(answer.Errno)}
	if answer.Continue {
		r = response{id: q.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	}
	t := l.threads.find(q.thread)
	key := examined{call.Arch, call.Nr, c.config.Judge.Examined(call)}
	d := t.known[key]
	who, described := l.who, denials.Call{}
	if d == nil {
		who, described = t.describe(q.thread, who), c.config.Judge.Describe(call)
		if !waits(l.fd, q.id) {
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
