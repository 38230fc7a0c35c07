package record

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// slots is the memory of the calls map: to look at thousands of counters takes no syscall.
type slots struct{ memory []byte }

func mapSlots(calls *ebpf.Map) (*slots, error) {
	page := os.Getpagesize()
	size := (int(calls.MaxEntries())*slotSize + page - 1) / page * page
	memory, err := unix.Mmap(calls.FD(), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map BPF map rec_calls: %w", os.NewSyscallError("mmap", err))
	}
	return &slots{memory}, nil
}

func (s *slots) unmap() { _ = unix.Munmap(s.memory) } // fails for no mapping of ours

func (s *slots) word(slot, offset uint32) unsafe.Pointer {
	return unsafe.Pointer(&s.memory[slot*slotSize+offset])
}

func (s *slots) count(slot uint32) uint64 {
	return atomic.LoadUint64((*uint64)(s.word(slot, slotCount)))
}

// first returns CLOCK_MONOTONIC at the slot's first call, in nanoseconds.
func (s *slots) first(slot uint32) uint64 {
	return atomic.LoadUint64((*uint64)(s.word(slot, slotFirst)))
}

func (s *slots) setReads(slot, word uint32) {
	atomic.StoreUint32((*uint32)(s.word(slot, slotReads)), word)
}

// total returns the number of all calls.
func (s *slots) total() (n uint64) {
	for slot := range uint32(kinds * abis * numbers) {
		n += s.count(slot)
	}
	return n
}
