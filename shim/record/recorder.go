package record

import (
	"fmt"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/recording"
)

// Config is what is known about a recorded container when it is created.
type Config struct {
	Namespace, ID string
	Spec          *specs.Spec
	Under         string // the profile or floor that is enforced meanwhile; empty for none
	Dir           string // [recording.Dir]
	// ABI returns the syscalls of an ABI.
	ABI func(specs.Arch) *meaning.ABI
	// Refused returns what the enforced profile or floor has refused; nil without either.
	Refused func() *denials.Report
}

// A Container is a recorded container. It implements container.Recorder.
type Container struct {
	config Config
	file   string
	tables []table
	stop   chan struct{} // closed when the recording ends
	writes sync.WaitGroup

	mu       sync.Mutex
	tracer   *tracer             // guarded by mu; nil when the recording has ended
	begun    map[string]uint32   // guarded by mu; by exec ID, the pid in its pid namespace
	last     recording.Recording // guarded by mu; as it was last read from the kernel
	distinct int                 // guarded by mu; calls and values in last
	failing  bool                // guarded by mu; the last write has failed
}

// interval is the time between two writes of a recording that changes.
const interval = time.Second

// New attaches the programs for a container, and writes its empty recording. Then the
// container can be started. The error says what this node lacks.
func New(config Config) (_ *Container, err error) {
	c := &Container{config: config, stop: make(chan struct{}), begun: map[string]uint32{}}
	for _, name := range conventions {
		c.tables = append(c.tables, newTable(config.ABI(name)))
	}
	k, err := checkedKernel(c.tables)
	if err == nil {
		c.tracer, err = newTracer(k, readsOf(k, c.tables))
	}
	if err != nil {
		return nil, fmt.Errorf("observe: record: this node cannot record syscalls: %w", explain(err))
	}
	c.last = c.empty(time.Now())
	if c.file, err = createFile(config.Dir, &c.last); err != nil {
		c.tracer.detach()
		return nil, fmt.Errorf("observe: record: the recording cannot be written: %w", err)
	}
	c.writes.Add(1)
	go c.writeRegularly()
	return c, nil
}

// readsOf returns what the slots of the calls map read, by their index.
func readsOf(k kernel, tables []table) func(slot uint32) uint32 {
	return func(slot uint32) uint32 {
		abi, nr := int(slot/numbers%abis), slot%numbers
		if abi >= len(tables) || nr == recording.Beyond {
			return 0
		}
		return tables[abi].reads(k, abi, nr)
	}
}

// Begin has a process recorded from its next execve on. The process must wait until Begin has
// returned: it has no order yet. execID is empty for the init.
func (c *Container) Begin(execID string, pid int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tracer == nil {
		return fmt.Errorf("observe: record: the recording has ended")
	}
	kind := uint32(kindInit)
	if execID != "" {
		kind = kindExec
	}
	inner, err := c.tracer.begin(pid, kind)
	if err != nil {
		return fmt.Errorf("observe: record: process %d: %w", pid, err)
	}
	c.begun[execID] = inner
	return nil
}

// Exited is called when a process that has begun has been reaped, or could not be started.
// With the init all processes of the container have ended, and so has the recording.
func (c *Container) Exited(execID string, status int, at time.Time) {
	c.mu.Lock()
	if inner, found := c.begun[execID]; found && c.tracer != nil {
		c.tracer.forget(inner)
		delete(c.begun, execID)
	}
	c.mu.Unlock()
	if execID != "" { // its calls are written with the next ones, so that no exec waits for the disk
		return
	}
	end := &recording.End{At: at, By: recording.Exited, Status: status}
	if status > 128 {
		end.By = recording.Killed
	}
	c.end(end)
}

// Stopped is called when the shim is told to stop. The container may go on.
func (c *Container) Stopped() {
	c.end(&recording.End{At: time.Now(), By: recording.Stopped})
}

// end writes the recording for the last time, and detaches the programs.
func (c *Container) end(end *recording.End) {
	c.mu.Lock()
	t := c.tracer
	if t == nil { // it has ended before
		c.mu.Unlock()
		return
	}
	c.writeLocked(end)
	c.tracer = nil
	total := c.last.Total
	c.mu.Unlock()
	close(c.stop)
	c.writes.Wait()
	t.detach()
	go c.log().WithFields(logrus.Fields{"calls": total, "recording": c.file}).Info("seccomp: a recorded container has ended")
}

// Abandon removes the recording of a container that could not be created.
func (c *Container) Abandon() {
	c.mu.Lock()
	t := c.tracer
	c.tracer = nil
	c.mu.Unlock()
	if t != nil {
		close(c.stop)
		c.writes.Wait()
		t.detach()
		removeFile(c.file)
	}
}

func (c *Container) writeRegularly() {
	defer c.writes.Done()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
			c.writeChanges()
		}
	}
}

// writeChanges writes the recording if it has changed, and has not ended.
func (c *Container) writeChanges() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tracer != nil && (c.failing || c.tracer.slots.total() != c.last.Total || c.moreRefused()) {
		c.writeLocked(nil)
	}
}

// writeLocked reads the recording and writes it; end is nil until it ends. Hold mu.
func (c *Container) writeLocked(end *recording.End) {
	if err := c.read(); err != nil {
		c.last.Lost.Calls++ // says that the recording is incomplete
		c.log().WithError(err).Error("the recording is incomplete")
	}
	c.last.Ended = end
	err := replaceFile(c.file, &c.last)
	if err != nil && (!c.failing || end != nil) {
		go c.log().WithError(err).Error("the recording is not written")
	}
	c.failing = err != nil
}

func (c *Container) log() *logrus.Entry {
	return logrus.WithFields(logrus.Fields{"namespace": c.config.Namespace, "container_id": c.config.ID})
}
