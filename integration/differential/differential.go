// Package differential compares two programs by running both on many calls. It shares
// no code with package check, which proves them equal for all calls.
package differential

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"seccomp-shim/bpf"
)

// A Difference is a call for which the two programs return different actions.
type Difference struct {
	Data bpf.Data
	A, B bpf.Action
}

func (d Difference) String() string {
	return fmt.Sprintf("syscall %d (%#x) on %s with %#x: %s, %s", d.Data.Nr, d.Data.Nr, d.Data.Arch, d.Data.Args, d.A, d.B)
}

const (
	// allNumbers is above every syscall number of every architecture.
	allNumbers = 1200

	// enough is how many combinations of arguments are tried for one syscall. If there
	// are more, this many are drawn at random.
	enough = 20_000
)

// Compare runs two programs on every syscall number and on numbers beyond, for every
// architecture that a program names and for others. The arguments are those around the
// constants that a program compares them to. It returns at most ten differences.
func Compare(a, b bpf.Program) []Difference {
	programs := []bpf.Program{a, b}
	both := []comparisons{comparisonsOf(a), comparisonsOf(b)}
	numbers := map[uint32]bool{0x7fffffff: true, 0x80000000: true, 0xffffffff: true}
	for nr := range uint32(allNumbers) {
		numbers[nr], numbers[nr|bpf.X32Bit] = true, true
	}
	archs := map[uint32]bool{uint32(bpf.ArchX86_64): true, uint32(bpf.ArchI386): true, uint32(bpf.ArchAARCH64): true, 0: true, 0xffffffff: true}
	for _, c := range both {
		maps.Copy(numbers, c.around(bpf.OffsetNr))
		maps.Copy(archs, c.around(bpf.OffsetArch))
	}
	var found []Difference
	for arch := range archs {
		for nr := range numbers {
			d := bpf.Data{Nr: nr, Arch: bpf.Arch(arch)}
			words := join(both[0].arguments(d), both[1].arguments(d))
			for args := range words.combinations() {
				d.Args = args
				if x, y := programs[0].Run(d).Enforced(), programs[1].Run(d).Enforced(); x != y {
					found = append(found, Difference{d, x, y})
					break
				}
			}
			if len(found) == 10 {
				return found
			}
		}
	}
	return found
}

// words are the values to try, for each word of the arguments (the offset in
// struct seccomp_data) that a program looks at.
type words map[uint32][]uint32

func join(a, b map[uint32]map[uint32]bool) words {
	all := words{}
	for _, one := range []map[uint32]map[uint32]bool{a, b} {
		for offset, values := range one {
			all[offset] = append(all[offset], slices.Collect(maps.Keys(values))...)
		}
	}
	for offset, values := range all {
		slices.Sort(values)
		all[offset] = slices.Compact(values)
	}
	return all
}

// combinations yields all combinations of the words' values, or enough of them.
func (w words) combinations() func(yield func([6]uint64) bool) {
	offsets := slices.Sorted(maps.Keys(w))
	count := 1
	for _, offset := range offsets {
		if count <= enough {
			count *= len(w[offset])
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	return func(yield func([6]uint64) bool) {
		for i := range min(count, enough) {
			var args [6]uint64
			rest := i
			for _, offset := range offsets {
				values := w[offset]
				pick := rest % len(values)
				rest /= len(values)
				if count > enough {
					pick = random.IntN(len(values))
				}
				set(&args, offset, values[pick])
			}
			if !yield(args) {
				return
			}
		}
	}
}

func set(args *[6]uint64, offset, value uint32) {
	for i := range args {
		switch offset {
		case bpf.ArgLow(i):
			args[i] = args[i]&^0xffffffff | uint64(value)
		case bpf.ArgHigh(i):
			args[i] = args[i]&0xffffffff | uint64(value)<<32
		}
	}
}
