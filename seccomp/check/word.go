package check

import (
	"math/bits"

	"seccomp-shim/bpf"
)

// A word is a 32-bit word of seccomp_data, the unit that an instruction can load. A
// comparison settles words in this order.
type word uint8

const (
	archWord word = iota
	numberWord
	pointerHigh
	pointerLow
	firstArgument // the upper half of argument 0; the other halves follow

	wordCount = 16
)

func highHalf(arg uint) word { return firstArgument + word(2*arg) }
func lowHalf(arg uint) word  { return highHalf(arg) + 1 }

// wordAt has the word at each offset that LdAbs can have. The instruction pointer is before
// argument 0 and has the same length.
var wordAt = func() map[uint32]word {
	at := map[uint32]word{
		bpf.OffsetArch:     archWord,
		bpf.OffsetNr:       numberWord,
		bpf.ArgHigh(0) - 8: pointerHigh,
		bpf.ArgLow(0) - 8:  pointerLow,
	}
	for arg := range uint(6) {
		at[bpf.ArgHigh(int(arg))] = highHalf(arg)
		at[bpf.ArgLow(int(arg))] = lowHalf(arg)
	}
	return at
}()

// A wordSet has a bit for each of its words.
type wordSet uint16

// highHalves are the words that an ABI with 32-bit registers does not use.
const highHalves wordSet = 0b0101_0101_0101_0000

func setOf(w word) wordSet { return 1 << w }

func (s wordSet) has(w word) bool { return s&setOf(w) != 0 }

// first returns the word that is settled first. The set must not be empty.
func (s wordSet) first() word { return word(bits.TrailingZeros16(uint16(s))) }

// values has one value for each word, and so is a call.
type values [wordCount]uint32

func (v *values) call() bpf.Data {
	d := bpf.Data{
		Arch:               bpf.Arch(v[archWord]),
		Nr:                 v[numberWord],
		InstructionPointer: uint64(v[pointerHigh])<<32 | uint64(v[pointerLow]),
	}
	for arg := range d.Args {
		d.Args[arg] = uint64(v[highHalf(uint(arg))])<<32 | uint64(v[lowHalf(uint(arg))])
	}
	return d
}
