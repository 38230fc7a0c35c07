package record

import (
	"cmp"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/recording"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The kinds of processes in the maps.
const (
	kindInit = iota
	kindExec
)

var kindNames = [kinds]denials.Kind{kindInit: denials.Init, kindExec: denials.Exec}

// imageAnnotation is set by containerd's CRI plugin.
const imageAnnotation = "io.kubernetes.cri.image-name"

// empty returns the recording of a container that has made no call.
func (c *Container) empty(now time.Time) recording.Recording {
	r := recording.Recording{
		Format:    recording.Format,
		Namespace: c.config.Namespace, ID: c.config.ID,
		Pod:          denials.PodOf(c.config.Spec.Annotations),
		Image:        mistake.Shorten(c.config.Spec.Annotations[imageAnnotation]),
		Under:        cmp.Or(c.config.Under, "unconfined"),
		Architecture: conventions[native],
		Kernel:       kernelRelease(),
		Started:      now, Updated: now,
		Calls: []*recording.Call{},
	}
	if c.config.Spec.Process != nil {
		r.Command = c.config.Spec.Process.Args
	}
	return r
}

func kernelRelease() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(name.Release[:])
}

// read reads the recording from the kernel. Hold mu.
func (c *Container) read() error {
	t, r := c.tracer, &c.last
	now := time.Now()
	began := monotonicZero(now)
	r.Updated, r.Total, r.Calls, r.IOUring = now, 0, r.Calls[:0:0], false
	bySlot := map[uint32]*recording.Call{}
	distinct := 0
	for slot := range uint32(kinds * abis * numbers) {
		n := t.slots.count(slot)
		if n == 0 {
			continue
		}
		call := c.call(slot)
		call.Count, call.First = n, began.Add(time.Duration(t.slots.first(slot)))
		bySlot[slot] = call
		r.Calls = append(r.Calls, call)
		r.Total += n
		distinct++
		if call.Syscall == "io_uring_setup" {
			r.IOUring = true
		}
	}
	if err := t.maps.eachValues(func(key valuesKey, n uint64) {
		if call := bySlot[uint32(key.Slot)]; call != nil && n > 0 {
			values := &recording.Values{Count: n}
			for i := range call.Arguments {
				values.Args = append(values.Args, recording.Value(key.Values[i]))
			}
			call.Values = append(call.Values, values)
			distinct++
		}
	}); err != nil {
		return err
	}
	settleOthers(r.Calls)
	if distinct != c.distinct {
		c.distinct, r.LastNew = distinct, &now
	}
	r.Sort()
	c.readRefused()
	return c.readLost()
}

// settleOthers counts the calls whose values are not kept. A call may have been counted with
// its values after its slot was read: then there are more of them, and the next read has both.
func settleOthers(calls []*recording.Call) {
	for _, call := range calls {
		if len(call.Arguments) == 0 {
			continue
		}
		known := uint64(0)
		for _, v := range call.Values {
			known += v.Count
		}
		call.Others = call.Count - min(call.Count, known)
	}
}

// call returns a slot's call without its counts.
func (c *Container) call(slot uint32) *recording.Call {
	kind, abi, nr := slot/numbers/abis, slot/numbers%abis, slot%numbers
	t := &c.tables[abi]
	call := &recording.Call{ABI: t.name, Syscall: t.names[nr], Number: nr, Process: kindNames[kind]}
	if nr == recording.Beyond {
		call.Syscall = ""
	}
	call.Arguments, call.Unseen = t.decisive(nr), recording.Unseen(t.name, call.Syscall)
	if t.name == specs.ArchX32 {
		call.Number |= bpf.X32Bit
	}
	return call
}

// readLost reads the counters of what was not recorded. Hold mu.
func (c *Container) readLost() error {
	tasks, err := c.tracer.maps.lostCount(lostTasks)
	if err != nil {
		return err
	}
	calls, err := c.tracer.maps.lostCount(lostCalls)
	c.last.Lost = recording.Lost{Tasks: tasks, Calls: calls + c.tracer.misses()}
	return err
}

// readRefused copies what the enforced profile has refused. Hold mu.
func (c *Container) readRefused() {
	if c.config.Refused != nil {
		report := c.config.Refused()
		c.last.Refused, c.last.RefusedOthers = slices.DeleteFunc(report.Denials, ran), report.Others
	}
}

// ran says that a call is among the calls: the floor that refuses it is on trial.
func ran(d *denials.Denial) bool { return d.LetThrough }

// moreRefused reports whether a call was refused since the last read. Hold mu.
func (c *Container) moreRefused() bool {
	if c.config.Refused == nil {
		return false
	}
	count := func(all []*denials.Denial, others uint64) uint64 {
		for _, d := range all {
			if !ran(d) {
				others += d.Count
			}
		}
		return others
	}
	now := c.config.Refused()
	return count(now.Denials, now.Others) != count(c.last.Refused, c.last.RefusedOthers)
}

// monotonicZero returns the time at which CLOCK_MONOTONIC was 0.
func monotonicZero(now time.Time) time.Time {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return now
	}
	return now.Round(0).Add(-time.Duration(ts.Nano()))
}
