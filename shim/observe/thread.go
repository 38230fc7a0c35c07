package observe

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/denials"
)

// A thread is a thread that makes refused calls.
type thread struct {
	path       string                       // of the link to its executable in /proc
	executable []byte                       // where that link led at the last call
	known      map[examined]*denials.Denial // where its calls are counted
}

// examined is a call with the arguments that matter for its report.
type examined struct {
	arch bpf.Arch
	nr   uint32
	args [6]uint64
}

const (
	// The caches are emptied when they are full. Both only save work.
	mostThreads = 256
	mostKnown   = 64

	// longestName bounds names that a container chooses.
	longestName = 256
)

// threads are the threads of one listener, by thread ID.
type threads map[uint32]*thread

// find returns the thread with an ID. The link to the executable is read for each call,
// since the thread may have called execve, or may be another one with the same ID.
func (all threads) find(id uint32) *thread {
	t := all[id]
	if t == nil {
		if len(all) >= mostThreads {
			clear(all)
		}
		t = &thread{path: fmt.Sprintf("/proc/%d/exe", id)}
		all[id] = t
	}
	var target [unix.PathMax]byte
	n, err := unix.Readlink(t.path, target[:])
	if err != nil {
		n = 0 // the thread has ended
	}
	if t.known == nil || !bytes.Equal(t.executable, target[:n]) {
		t.executable = bytes.Clone(target[:n])
		t.known = map[examined]*denials.Denial{}
	}
	return t
}

// keep remembers where a call is counted.
func (t *thread) keep(call examined, d *denials.Denial) {
	if len(t.known) >= mostKnown {
		clear(t.known)
	}
	t.known[call] = d
}

// describe adds what /proc says about a thread that waits.
func (t *thread) describe(id uint32, who denials.Process) denials.Process {
	who.Executable, who.PID = bounded(string(t.executable)), int(id)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	if err != nil {
		return who
	}
	who.Thread = field(status, "Name:")
	if group, err := strconv.Atoi(field(status, "Tgid:")); err == nil {
		who.PID = group
	}
	return who
}

// field returns a field of /proc/PID/status. The kernel escapes control characters of the
// thread's name there (proc_task_name, fs/proc/array.c).
func field(status []byte, name string) string {
	for line := range bytes.Lines(status) {
		if value, found := bytes.CutPrefix(line, []byte(name)); found {
			return bounded(strings.TrimSpace(string(value)))
		}
	}
	return ""
}

func bounded(name string) string {
	if len(name) > longestName {
		name = "…" + name[len(name)-longestName:]
	}
	return strings.ToValidUTF8(name, "�")
}
