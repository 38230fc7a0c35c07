package record

import (
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/recording"
)

const (
	// mostTasks is how many threads of a container are recorded at once. It is the highest
	// pid that Linux gives by default (kernel.pid_max).
	mostTasks = 32768
	// mostStarting is how many processes the shim starts in a container at once.
	mostStarting = 1024
	mostDistinct = recording.MostValues
	// mostValues is room for all calls that have values, with most of their values.
	mostValues = 8192

	updateNoExist = 1 // BPF_NOEXIST
)

// maps are the memory that the programs share with the shim.
type maps struct {
	place    *ebpf.Map // the container's pid namespace: device and inode of /proc/PID/ns/pid
	starting *ebpf.Map // processes that are recorded from their next execve on: pid to kind
	tasks    *ebpf.Map // recorded threads: address of the task_struct to kind
	calls    *ebpf.Map // slots, see slotIndex
	values   *ebpf.Map // values of arguments: see keySize
	lost     *ebpf.Map // counters
}

func newMaps() (_ *maps, err error) {
	m := &maps{}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	for _, row := range []struct {
		to   **ebpf.Map
		spec ebpf.MapSpec
	}{
		{&m.place, ebpf.MapSpec{Name: "rec_place", Type: ebpf.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1}},
		{&m.starting, ebpf.MapSpec{Name: "rec_starting", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: mostStarting}},
		{&m.tasks, ebpf.MapSpec{Name: "rec_tasks", Type: ebpf.Hash, KeySize: 8, ValueSize: 8, MaxEntries: mostTasks}},
		{&m.calls, ebpf.MapSpec{Name: "rec_calls", Type: ebpf.Array, KeySize: 4, ValueSize: slotSize, MaxEntries: kinds * abis * numbers, Flags: unix.BPF_F_MMAPABLE}},
		{&m.values, ebpf.MapSpec{Name: "rec_values", Type: ebpf.Hash, KeySize: keySize, ValueSize: 8, MaxEntries: mostValues}},
		{&m.lost, ebpf.MapSpec{Name: "rec_lost", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: lostCounters}},
	} {
		if *row.to, err = ebpf.NewMap(&row.spec); err != nil {
			return nil, fmt.Errorf("make BPF map %s: %w", row.spec.Name, err)
		}
	}
	return m, nil
}

func (m *maps) close() {
	for _, each := range []*ebpf.Map{m.place, m.starting, m.tasks, m.calls, m.values, m.lost} {
		if each != nil {
			each.Close()
		}
	}
}

// lostCount returns a counter of the lost map.
func (m *maps) lostCount(counter uint32) (uint64, error) {
	var n uint64
	err := m.lost.Lookup(counter, &n)
	return n, err
}

// A valuesKey is a key of the values map.
type valuesKey struct {
	Slot   uint64
	Values [arguments]uint64
}

// eachValues calls f for all entries of the values map. None is ever removed.
func (m *maps) eachValues(f func(valuesKey, uint64)) error {
	var key valuesKey
	var count uint64
	all := m.values.Iterate()
	for all.Next(&key, &count) {
		f(key, count)
	}
	if err := all.Err(); err != nil {
		return fmt.Errorf("read BPF map rec_values: %w", err)
	}
	return nil
}
