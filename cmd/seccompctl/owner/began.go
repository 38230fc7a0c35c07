package owner

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// began returns when a process has begun: field starttime of /proc/PID/stat, in ticks since
// the machine has booted (proc_pid_stat(5)). The field before it can have any character, and
// ends with the last parenthesis.
func (f *Finder) began(dir string) (time.Time, error) {
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return time.Time{}, err
	}
	const startTime, firstAfterName = 22, 3
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= startTime-firstAfterName {
		return time.Time{}, errors.New("stat is short")
	}
	ticks, err := strconv.ParseInt(string(fields[startTime-firstAfterName]), 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	boot, err := f.booted()
	const perSecond = 100 // USER_HZ of all architectures that containerd is built for
	return boot.Add(time.Duration(ticks) * (time.Second / perSecond)), err
}

// booted returns when the machine has booted: btime of /proc/stat, in seconds.
func (f *Finder) booted() (time.Time, error) {
	text, err := os.ReadFile(filepath.Join(f.Proc, "stat"))
	if err != nil {
		return time.Time{}, err
	}
	_, rest, found := bytes.Cut(text, []byte("\nbtime "))
	number, _, _ := bytes.Cut(rest, []byte("\n"))
	seconds, err := strconv.ParseInt(string(number), 10, 64)
	if !found || err != nil {
		return time.Time{}, errors.New("/proc/stat has no btime")
	}
	return time.Unix(seconds, 0), nil
}
