package container

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// oomWatch reports that the kernel's OOM killer has killed processes of a container.
//
// The source of truth is the oom_kill counter of the container's cgroup. The kernel
// raises it before it sends the SIGKILL (__oom_kill_process in mm/oom_kill.c), so a
// read after a process's exit misses no kill. The kernel's notification only prompts a
// read while no process exits that has a waiter.
type oomWatch struct {
	file   string // memory.events, or memory.oom_control on cgroup v1
	report func() // reports that the counter has risen; called with mu held

	prompt *os.File // readable when the counter may have risen; written by listen, before the waiter begins

	mu   sync.Mutex
	seen uint64 // guarded by mu; the counter as it was last reported
	over bool   // guarded by mu; nothing is reported any more
}

// newOOMWatch is called before anything runs in the cgroup. The cgroup may have been
// there before, so that its counter is not 0. newOOMWatch returns nil for a container
// without a memory cgroup.
func newOOMWatch(paths map[string]string, report func()) (_ *oomWatch, err error) {
	file := ""
	// Beside cgroup v1's controllers there may be a unified hierarchy without the memory
	// controller.
	if memory := paths["memory"]; memory != "" {
		file = filepath.Join(memory, "memory.oom_control")
	} else if unified := paths[""]; unified != "" && cgroups.Mode() == cgroups.Unified {
		file = filepath.Join(unified, "memory.events")
	} else {
		return nil, nil
	}
	w := &oomWatch{file: file, report: report}
	if w.seen, err = w.read(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return w, nil
}

// listen begins to report kills when they happen. Without it, a kill is reported when
// a process exits that has a waiter.
func (w *oomWatch) listen() error {
	if w == nil {
		return nil
	}
	var err error
	if filepath.Base(w.file) == "memory.events" {
		w.prompt, err = promptV2(w.file)
	} else {
		w.prompt, err = promptV1(w.file)
	}
	if err != nil {
		return err
	}
	go w.run()
	return nil
}

// run reports kills until prompt is closed.
func (w *oomWatch) run() {
	buf := make([]byte, 4096)
	for {
		if _, err := w.prompt.Read(buf); err != nil {
			return
		}
		// cgroup v1 prompts before the kill and not after it (mem_cgroup_out_of_memory is
		// called after mem_cgroup_oom_notify), so the counter is polled for a second.
		for wait := time.Millisecond; !w.check() && wait < time.Second; wait *= 2 {
			time.Sleep(wait)
		}
	}
}

// check reports processes that have been killed since the last check. It returns false
// if another check soon may find more.
func (w *oomWatch) check() (done bool) {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return true
	}
	kills, err := w.read()
	if err != nil {
		// systemd removes the cgroup once it is empty.
		if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ENODEV) {
			logrus.WithError(err).Error("failed to read how many processes the OOM killer has killed")
		}
		return true
	}
	if kills <= w.seen {
		return false
	}
	w.seen = kills
	w.report()
	return true
}

// close makes the last check.
func (w *oomWatch) close() {
	if w == nil {
		return
	}
	w.check()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.prompt != nil {
		w.prompt.Close()
	}
}

// read returns how many processes of the cgroup were killed: for the cgroup's own
// limit, for a parent's limit, or because the host ran out of memory.
func (w *oomWatch) read() (uint64, error) {
	text, err := os.ReadFile(w.file)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if count, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			return strconv.ParseUint(string(bytes.TrimSpace(count)), 10, 64)
		}
	}
	return 0, nil // Linux before 4.13 has no such counter
}

// promptV1 registers an event with the cgroup
// (Documentation/admin-guide/cgroup-v1/memory.rst, section 9).
func promptV1(file string) (*os.File, error) {
	control, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer control.Close() // the kernel has its own reference, until the eventfd is closed
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	event := os.NewFile(uintptr(fd), "oom-event")
	line := strconv.Itoa(fd) + " " + strconv.Itoa(int(control.Fd()))
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "cgroup.event_control"), []byte(line), 0); err != nil {
		event.Close()
		return nil, err
	}
	return event, nil
}

// promptV2 watches the file, which the kernel marks as modified when it raises one of
// its counters (Documentation/admin-guide/cgroup-v2.rst, memory.events).
func promptV2(file string) (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	watch := os.NewFile(uintptr(fd), "oom-watch")
	if _, err := unix.InotifyAddWatch(fd, file, unix.IN_MODIFY); err != nil {
		watch.Close()
		return nil, &os.PathError{Op: "inotify_add_watch", Path: file, Err: err}
	}
	return watch, nil
}

// listenToOOM begins to report kills by the OOM killer.
func (c *Container) listenToOOM() {
	if err := c.oom.listen(); err != nil {
		logrus.WithError(err).WithField("container_id", c.ID).Error("failed to watch for processes killed by the OOM killer")
	}
}
