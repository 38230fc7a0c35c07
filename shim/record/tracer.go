package record

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// A tracer counts the calls of one container in the kernel. When it is closed, and when its
// process ends, the kernel detaches the programs.
type tracer struct {
	maps     *maps
	slots    *slots
	programs []*ebpf.Program
	links    []link.Link
}

// newTracer attaches the programs. Nothing is recorded until begin.
func newTracer(k kernel, reads func(slot uint32) uint32) (_ *tracer, err error) {
	t := &tracer{}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.maps, err = newMaps(); err != nil {
		return nil, err
	}
	if t.slots, err = mapSlots(t.maps.calls); err != nil {
		return nil, err
	}
	for i := range uint32(kinds * abis * numbers) {
		if word := reads(i); word != 0 {
			t.slots.setReads(i, word)
		}
	}
	// A child must be known before its first call, so calls come last.
	for _, row := range []struct {
		tracepoint string
		program    asm.Instructions
	}{
		{"sched_process_exit", ending(t.maps)},
		{"sched_process_fork", following(t.maps)},
		{"sched_process_exec", beginning(t.maps)},
		{"sys_enter", seeing(t.maps, k)},
	} {
		if err := t.attach(row.tracepoint, row.program); err != nil {
			return nil, fmt.Errorf("tracepoint %s: %w", row.tracepoint, err)
		}
	}
	return t, nil
}

func (t *tracer) attach(tracepoint string, program asm.Instructions) error {
	// The helpers that read the current task are for programs under the GPL: the kernel
	// asks for the licence of the program, not for that of the process that loads it.
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "rec_" + tracepoint[:min(11, len(tracepoint))], Type: ebpf.RawTracepoint, Instructions: program, License: "GPL"})
	if err != nil {
		return fmt.Errorf("load the BPF program: %w", err)
	}
	t.programs = append(t.programs, p)
	l, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: tracepoint, Program: p})
	if err != nil {
		return fmt.Errorf("attach the BPF program: %w", err)
	}
	t.links = append(t.links, l)
	return nil
}

// begin has a process recorded from its next successful execve on, and returns its pid in its
// own pid namespace. The process is a child that was not reaped yet, so that its pid is its
// own.
//
// The programs know a process by its pid in its own pid namespace: a shim in a pid namespace,
// as on a kind node, cannot know the pid in the first one.
func (t *tracer) begin(pid int, kind uint32) (inner uint32, err error) {
	dev, ino, err := pidNamespace(pid)
	if err != nil {
		return 0, err
	}
	if inner, err = innerPID(pid); err != nil {
		return 0, err
	}
	var known [2]uint64
	if err := t.maps.place.Lookup(uint32(0), &known); err != nil {
		return 0, err
	}
	place := [2]uint64{dev, ino}
	if known != [2]uint64{} && known != place {
		return 0, fmt.Errorf("it is in another pid namespace than the container's first process")
	}
	if err := t.maps.place.Put(uint32(0), place); err != nil {
		return 0, err
	}
	return inner, t.maps.starting.Put(inner, kind)
}

// forget is called when a process has ended, in case it has never called execve.
func (t *tracer) forget(inner uint32) { _ = t.maps.starting.Delete(inner) }

// misses returns how often the kernel has not run a program, because one was running on the
// processor. Linux 5.12 and newer count that.
func (t *tracer) misses() (n uint64) {
	for _, p := range t.programs {
		if info, err := p.Info(); err == nil {
			missed, _ := info.RecursionMisses()
			n += missed
		}
	}
	return n
}

// detach closes the tracer, and does not wait: the kernel takes some 20 ms for each tracepoint,
// until no processor is in the program any more, and nobody counts on the end.
func (t *tracer) detach() { go t.close() }

func (t *tracer) close() {
	for _, l := range t.links {
		l.Close()
	}
	for _, p := range t.programs {
		p.Close()
	}
	if t.slots != nil {
		t.slots.unmap()
	}
	if t.maps != nil {
		t.maps.close()
	}
}

// pidNamespace returns a process's pid namespace as bpf_get_ns_current_pid_tgid names it.
func pidNamespace(pid int) (dev, ino uint64, err error) {
	path := fmt.Sprintf("/proc/%d/ns/pid", pid)
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	// The helper compares with the kernel's own dev_t: MKDEV of <linux/kdev_t.h>.
	const minorBits = 20
	return uint64(unix.Major(st.Dev))<<minorBits | uint64(unix.Minor(st.Dev)), st.Ino, nil
}

// innerPID returns the pid that a process has in its own pid namespace.
func innerPID(pid int) (uint32, error) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	status, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if all, found := strings.CutPrefix(line, "NSpid:"); found {
			fields := strings.Fields(all)
			if len(fields) == 0 {
				break
			}
			n, err := strconv.ParseUint(fields[len(fields)-1], 10, 32)
			return uint32(n), err
		}
	}
	return 0, fmt.Errorf("%s: no NSpid", path)
}
