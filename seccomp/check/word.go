package check

import (
	"math/bits"

	"seccomp-shim/bpf"
)

// A word is one of the 32-bit words of seccomp_data, which is all that an
// instruction can load. Their order here is the order in which a comparison
// settles them.
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

// wordAt is the word at an offset that LdAbs can have. The instruction pointer
// lies before argument 0 and is as long.
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

// highHalves are the words of which an ABI with 32-bit registers makes no use.
const highHalves wordSet = 0b0101_0101_0101_0000

func setOf(w word) wordSet { return 1 << w }

func (s wordSet) has(w word) bool { return s&setOf(w) != 0 }

// first returns the word that is settled before all others. The set must not be
// empty.
func (s wordSet) first() word { return word(bits.TrailingZeros16(uint16(s))) }

// values are one value for each word: a call.
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
