package load

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Standing is how far a process has come that libcontainer has started.
type Standing int

// The standings.
const (
	Preparing        Standing = iota
	Executed                  // it is, or was, the user's program
	FirstThreadEnded          // it is not, and only other threads live
	Ended                     // it has ended before
)

// StandingOf returns the standing of a process that has not been reaped.
//
// libcontainer's init is a clone of a clone of what was executed, and calls execve
// once. So the kernel's flag PF_FORKNOEXEC (include/linux/sched.h; ps(1) shows it as
// F 1) is set until then. The kernel clears it before it closes descriptors
// (begin_new_exec in fs/exec.c), and a zombie keeps it.
func StandingOf(pid int) (Standing, error) {
	s, err := readStat(pid)
	return s.standing(), err
}

// stat is what is read of /proc/<pid>/stat (proc_pid_stat(5)).
type stat struct {
	name     string
	zombie   bool
	executed bool
	threads  int
}

func (s stat) standing() Standing {
	switch {
	case s.executed:
		return Executed
	case s.zombie && s.threads > 1:
		return FirstThreadEnded
	case s.zombie:
		return Ended
	}
	return Preparing
}

func readStat(pid int) (s stat, err error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	// The second field, the name in parentheses, may hold anything.
	first, last := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if first < 0 || last < first {
		return s, fmt.Errorf("%s has no name: %q", path, text)
	}
	fields := bytes.Fields(text[last+1:])
	const state, flags, threads = 3 - 3, 9 - 3, 20 - 3 // from the third field on
	if len(fields) <= threads {
		return s, fmt.Errorf("%s has %d fields: %q", path, len(fields), text)
	}
	set, err := strconv.ParseUint(string(fields[flags]), 10, 32)
	if err != nil {
		return s, fmt.Errorf("%s: flags: %w", path, err)
	}
	count, err := strconv.Atoi(string(fields[threads]))
	if err != nil {
		return s, fmt.Errorf("%s: threads: %w", path, err)
	}
	const forkedNotExecuted = 0x40
	return stat{
		name:     string(text[first+1 : last]),
		zombie:   fields[state][0] == 'Z' || fields[state][0] == 'X',
		executed: set&forkedNotExecuted == 0,
		threads:  count,
	}, nil
}
