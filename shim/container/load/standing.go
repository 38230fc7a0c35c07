package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Standing says how far a process has come that libcontainer has started.
type Standing int

// The standings.
const (
	Preparing        Standing = iota // it has not called execve yet
	Executed                         // it is the user's program, or was when it ended
	FirstThreadEnded                 // its first thread ended before execve, and others live
	Ended                            // it ended before execve
)

// StandingOf returns the standing of a process that has not been reaped.
//
// libcontainer executes a program that clones a process that clones the init. So the init
// has the kernel's flag PF_FORKNOEXEC (include/linux/sched.h; ps(1) shows it as F 1) until
// its one execve. The kernel clears the flag before it closes descriptors (begin_new_exec
// in fs/exec.c), and a zombie keeps its flags.
func StandingOf(pid int) (Standing, error) {
	s, err := readStat(pid)
	return s.standing(), err
}

// stat is a process by /proc/<pid>/stat (proc_pid_stat(5)) and those of its threads.
type stat struct {
	name     string
	zombie   bool
	executed bool
	others   bool // its first thread has ended, and others live
}

func (s stat) standing() Standing {
	switch {
	case s.executed:
		return Executed
	case s.zombie && s.others:
		return FirstThreadEnded
	case s.zombie:
		return Ended
	}
	return Preparing
}

// Flags of a task, of include/linux/sched.h.
const (
	exiting           = 0x4
	forkedNotExecuted = 0x40
)

func readStat(pid int) (s stat, err error) {
	first, err := readTask(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, err
	}
	s = stat{name: first.name, zombie: first.ended(), executed: first.flags&forkedNotExecuted == 0}
	if s.zombie && first.threads > 1 {
		if s.others = anyLives(pid); !s.others {
			s.zombie = false // all threads are about to end: it cannot be reaped yet
		}
	}
	return s, nil
}

// anyLives reports whether a thread of the process lives and is not about to end. A killed
// process ends thread by thread, and the first may be a zombie before the others are.
func anyLives(pid int) bool {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // no bad pattern
	for _, path := range paths {
		const kill = 1 << (9 - 1)
		task, err := readTask(path)
		if err == nil && !task.ended() && task.flags&exiting == 0 && task.pending&kill == 0 {
			return true
		}
	}
	return false
}

// task is a thread by /proc/<pid>/task/<tid>/stat.
type task struct {
	name           string
	state          byte
	flags, pending uint64
	threads        uint64 // of the process
}

func (t task) ended() bool { return t.state == 'Z' || t.state == 'X' }

func readTask(path string) (t task, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	// The second field, the name in parentheses, may contain any character.
	first, last := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if first < 0 || last < first {
		return t, fmt.Errorf("%s has no name: %q", path, text)
	}
	fields := bytes.Fields(text[last+1:]) // the third field and the following
	if len(fields) < 31-2 {
		return t, fmt.Errorf("%s has %d fields: %q", path, len(fields), text)
	}
	t = task{name: string(text[first+1 : last]), state: fields[0][0]}
	for field, into := range map[int]*uint64{9: &t.flags, 20: &t.threads, 31: &t.pending} {
		if *into, err = strconv.ParseUint(string(fields[field-3]), 10, 64); err != nil {
			return t, fmt.Errorf("%s: field %d: %w", path, field, err)
		}
	}
	return t, nil
}
