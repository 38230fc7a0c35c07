package observe

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// Config is what is known about an observed container when it is created.
type Config struct {
	Namespace, ID string
	Profile       string // where the profile comes from
	Judge         *denials.Judge
	Spec          *specs.Spec
	Reports       Reports
	Kills         *Kills
	// Announce is called with the container's name when a line about a call is logged. It
	// does not block.
	Announce func(container string, d denials.Denial, mode denials.Mode)
}

// A Container is an observed container. It implements container.Observer.
type Container struct {
	config  Config
	created time.Time
	writing sync.Mutex // held while a report is written, and taken before mu

	mu         sync.Mutex
	supervisor *supervisor             // guarded by mu; nil while there are no listeners
	listeners  map[int]*listener       // guarded by mu; by descriptor
	tally      denials.Tally           // guarded by mu
	processes  map[int]denials.Process // guarded by mu; those that the shim has started, by pid
	cgroups    cgroups                 // guarded by mu; the init's, without those that the shim is in too
	killed     map[int]uint64          // guarded by mu; the serial of the last record of a kill, by pid
	started    bool                    // guarded by mu; the init has a listener
	ended      *denials.End            // guarded by mu; of the init
	scheduled  bool                    // guarded by mu; a report will be written
	dirty      bool                    // guarded by mu; the last report lacks calls
	written    time.Time               // guarded by mu; when the last report was written
}

// New returns an observed container without processes.
func New(config Config) (*Container, error) {
	if err := checkSizes(); err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	return &Container{config: config, created: time.Now(), listeners: map[int]*listener{}, processes: map[int]denials.Process{}, killed: map[int]uint64{}}, nil
}

// Decide returns the profile's action for a call. That of the loaded program is its observed
// form.
func (c *Container) Decide(call bpf.Data) bpf.Action { return c.config.Judge.Decide(call) }

// Watch answers the notifications of a process's listener from now on. execID is empty for
// the init. Watch takes a duplicate of the descriptor.
func (c *Container) Watch(execID string, pid int, file *os.File) error {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("observe: %w", os.NewSyscallError("fcntl", err))
	}
	wakeSynchronously(fd)
	if err := c.listen(&listener{fd, process(execID), threads{}}); err != nil {
		unix.Close(fd)
		return fmt.Errorf("observe: %w", err)
	}
	if c.config.Judge.Kills() {
		c.noteProcess(execID, pid)
		c.config.Kills.watch(c)
	}
	if execID == "" {
		c.write() // says that the container is observed, before it has made a call
	}
	return nil
}

// noteProcess notes what the kernel's records of kills are compared with.
func (c *Container) noteProcess(execID string, pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.processes[pid] = process(execID)
	if execID == "" {
		c.cgroups = cgroupsOf(pid).without(cgroupsOf(os.Getpid()))
	}
}

// process returns what is known about all threads of a process that the shim has started.
func process(execID string) denials.Process {
	if execID == "" {
		return denials.Process{Kind: denials.Init}
	}
	return denials.Process{Kind: denials.Exec, ExecID: execID}
}

// listen gives a listener to the supervisor, and starts one if there is none.
func (c *Container) listen(l *listener) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.supervisor
	if s == nil {
		var err error
		if s, err = newSupervisor(c); err != nil {
			return err
		}
	}
	if err := s.add(l.fd); err != nil {
		if c.supervisor == nil {
			s.epoll.Close()
		}
		return err
	}
	c.listeners[l.fd] = l
	c.started = true
	if c.supervisor == nil {
		c.supervisor = s
		go s.run()
	}
	return nil
}

func (c *Container) listener(fd int) *listener {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listeners[fd]
}

// close closes a listener. It returns true if that was the last one: then the supervisor
// must end.
func (c *Container) close(l *listener) (last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.listeners, l.fd)
	unix.Close(l.fd) // also takes it out of epoll, since no duplicate is left
	if len(c.listeners) > 0 {
		return false
	}
	c.supervisor = nil
	return true
}

// abandon closes all listeners: refused calls fail with ENOSYS from now on.
func (c *Container) abandon(err error) {
	c.log().WithError(err).Error("the container is not observed any more: refused calls fail with ENOSYS")
	c.mu.Lock()
	defer c.mu.Unlock()
	for fd := range c.listeners {
		unix.Close(fd)
	}
	clear(c.listeners)
	c.supervisor = nil
}

// count answers a call by send, and counts it at place if that succeeds.
func (c *Container) count(now time.Time, send func() error, place func() (*denials.Denial, bool)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := send(); err != nil {
		return err
	}
	d, isNew := place()
	if d == nil {
		c.tally.Others++
	} else {
		if isNew {
			d.First = now
		}
		d.Last = now
		d.Count++
		if !d.Probe && (isNew || worthALine(d.Count)) {
			go c.logCall(*d) // the log may be a FIFO that nobody reads
			c.config.Announce(denials.NameOf(c.config.ID, podOf(c.config.Spec)), *d, c.config.Judge.Mode)
		}
	}
	c.dirty = true
	c.schedule(now)
	return nil
}

// worthALine reports whether a count is a power of 100.
func worthALine(count uint64) bool {
	for count >= 100 && count%100 == 0 {
		count /= 100
	}
	return count == 1
}

func (c *Container) log() *logrus.Entry {
	return logrus.WithFields(logrus.Fields{"namespace": c.config.Namespace, "container_id": c.config.ID})
}

// logCall logs a refused call.
func (c *Container) logCall(d denials.Denial) {
	fields := logrus.Fields{
		"call": d.Text, "abi": d.ABI, "args": d.Args, "answer": d.Answer, "rule": d.Why, "count": d.Count,
		"process": d.Kind, "pid": d.PID, "thread": mistake.Shown(d.Thread), "executable": mistake.Shown(d.Executable),
	}
	if d.ExecID != "" {
		fields["exec_id"] = d.ExecID
	}
	if pod := podOf(c.config.Spec); pod != nil {
		fields["pod"] = mistake.Shown(pod.Namespace + "/" + pod.Name)
		fields["container"] = mistake.Shown(pod.Container)
	}
	text := "seccomp: call refused"
	switch {
	case d.Killed:
		text = "seccomp: call killed the process"
	case c.config.Judge.Mode == denials.Trial || d.LetThrough:
		text = "seccomp: call would be refused, and was let through (trial)"
	}
	c.log().WithFields(fields).Warn(text)
}

// Exited is called when a process has ended, before its exit is reported: all of its calls
// are in the report that Exited writes. execID is empty for the init.
func (c *Container) Exited(execID string, pid, status int, at time.Time) {
	unnamed := ""
	if status == denials.Sigsys && c.config.Judge.Mode == denials.Enforcing {
		unnamed = c.nameKilled(process(execID), pid)
	}
	c.mu.Lock()
	delete(c.processes, pid)
	delete(c.killed, pid)
	if execID == "" {
		c.config.Kills.forget(c)
		c.ended = &denials.End{At: at, Status: status, Unnamed: unnamed}
		c.dirty = c.started
	}
	dirty := c.dirty
	c.mu.Unlock()
	if dirty {
		c.write()
	}
	if execID != "" || !dirty {
		return
	}
	report := c.Report()
	if message := report.Message(); message != "" {
		if err := writeTerminationMessage(c.config.Spec, message); err != nil {
			c.log().WithError(err).Warn("the refused calls are not in the termination message")
		}
	}
	if total := report.Total(); total > 0 {
		go c.log().WithFields(logrus.Fields{"denials": total, "distinct": len(report.Denials), "status": status}).Info("seccomp: an observed container has ended")
	}
}
