package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memory is what a shim takes that has one container and has done some execs.
type memory struct {
	Runtime string  `json:"runtime"`
	Profile string  `json:"profile"`
	Execs   int     `json:"execs"`
	RSS     float64 `json:"rssMiB"`
	PSS     float64 `json:"pssMiB"` // pages that processes share are divided among them
	Private float64 `json:"privateMiB"`
	Threads int     `json:"threads"`
}

// idle is how long the shims have had nothing to do when their memory is read.
const idle = 2 * time.Second

func measureMemory(all []subject, hosts map[subject]*host) ([]memory, error) {
	time.Sleep(idle)
	var found []memory
	for _, s := range all {
		h := hosts[s]
		shim, err := parent(h.task.Pid())
		if err != nil {
			return nil, err
		}
		m, err := memoryOf(shim)
		if err != nil {
			return nil, err
		}
		m.Runtime, m.Profile, m.Execs = s.peer.name, s.profile, h.execs
		found = append(found, m)
	}
	return found, nil
}

// parent returns the parent of a process. That of a container's init is its
// shim, which has forked it or, as its subreaper, inherited it.
func parent(pid uint32) (int, error) {
	value, err := field(fmt.Sprintf("/proc/%d/status", pid), "PPid")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

func memoryOf(pid int) (m memory, err error) {
	rollup := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	if m.RSS, err = mebibytes(rollup, "Rss"); err != nil {
		return m, err
	}
	if m.PSS, err = mebibytes(rollup, "Pss"); err != nil {
		return m, err
	}
	clean, err := mebibytes(rollup, "Private_Clean")
	if err != nil {
		return m, err
	}
	dirty, err := mebibytes(rollup, "Private_Dirty")
	if err != nil {
		return m, err
	}
	m.Private = clean + dirty
	threads, err := field(fmt.Sprintf("/proc/%d/status", pid), "Threads")
	if err != nil {
		return m, err
	}
	m.Threads, err = strconv.Atoi(threads)
	return m, err
}

func mebibytes(path, name string) (float64, error) {
	value, err := field(path, name)
	if err != nil {
		return 0, err
	}
	kib, err := strconv.Atoi(strings.TrimSuffix(value, " kB"))
	return float64(kib) / 1024, err
}

// field returns the value of a "Name: value" line of a file of /proc.
func field(path, name string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s has no %s", path, name)
}
