package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/stat: USER_HZ is 100 on all architectures that
// containerd runs on.
const tick = 10 * time.Millisecond

// processorTime returns for how long the machine's processors have worked since boot
// (proc_stat(5)).
func processorTime() (time.Duration, error) {
	const user, nice, system, irq, softirq = 1, 2, 3, 6, 7
	line := strings.Fields(firstOf("/proc/stat"))
	var sum int64
	for _, i := range []int{user, nice, system, irq, softirq} {
		if i >= len(line) {
			return 0, fmt.Errorf("/proc/stat: want %d fields in the first line, got %d", softirq+1, len(line))
		}
		ticks, err := strconv.ParseInt(line[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		sum += ticks
	}
	return time.Duration(sum) * tick, nil
}

// memoryWatch records the minimum of the available memory, in MiB, while it watches.
type memoryWatch struct {
	stop  chan struct{}
	ended chan error
	first float64 // the available memory at the beginning
	least float64 // written by watch, read after ended
}

// watchInterval is short compared with the start of a pod.
const watchInterval = 5 * time.Millisecond

func watchMemory() (*memoryWatch, error) {
	first, err := sizeIn("/proc/meminfo", "MemAvailable")
	if err != nil {
		return nil, err
	}
	w := &memoryWatch{make(chan struct{}), make(chan error, 1), first, first}
	go func() { w.ended <- w.watch() }()
	return w, nil
}

func (w *memoryWatch) watch() error {
	for {
		select {
		case <-w.stop:
			return nil
		case <-time.After(watchInterval):
		}
		available, err := sizeIn("/proc/meminfo", "MemAvailable")
		if err != nil {
			return err
		}
		w.least = min(w.least, available)
	}
}

// end stops the watch. It returns the MiB by which the available memory fell, at most.
func (w *memoryWatch) end() (float64, error) {
	close(w.stop)
	err := <-w.ended
	return w.first - w.least, err
}

// sizeIn returns the value of a "NAME: KIB kB" line in a file of /proc, in MiB.
func sizeIn(path, name string) (float64, error) {
	value, err := field(path, name)
	if err != nil {
		return 0, err
	}
	kib, err := strconv.Atoi(strings.TrimSuffix(value, " kB"))
	return float64(kib) / 1024, err
}

// field returns the value of a "Name: value" line in a file of /proc.
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
