package bpf

import "encoding/binary"

// X32Bit is __X32_SYSCALL_BIT: on ArchX86_64, a number with this bit is a
// syscall of the x32 ABI.
const X32Bit = 0x40000000

// Data is struct seccomp_data of <linux/seccomp.h>, which a program reads: one syscall as
// the kernel sees it on entry.
type Data struct {
	// Nr is the syscall number. It is an int in C. Here it is the word that a program
	// loads, because BPF compares without sign: -1, which a tracer sets to skip a
	// syscall, is 0xffffffff.
	Nr                 uint32
	Arch               Arch
	InstructionPointer uint64
	Args               [argCount]uint64
}

// DataSize is sizeof(struct seccomp_data).
const DataSize = offsetArgs + 8*argCount

const (
	argCount   = 6
	offsetIP   = 8
	offsetArgs = 16
)

// Offsets for LdAbs of the fields that are one word.
const (
	OffsetNr   = 0
	OffsetArch = 4
)

// ArgLow returns the offset of the lower 32 bits of argument i, 0 to 5. For any
// other i it returns an offset that New refuses.
func ArgLow(i int) uint32 { return argOffset(i, lowHalf()) }

// ArgHigh returns the offset of the upper 32 bits of argument i, 0 to 5. For
// any other i it returns an offset that New refuses.
func ArgHigh(i int) uint32 { return argOffset(i, lowHalf()^4) }

func argOffset(i int, half uint32) uint32 {
	if i < 0 || i >= argCount {
		return DataSize
	}
	return offsetArgs + 8*uint32(i) + half
}

// lowHalf returns the offset of the lower word in a 64-bit field: 0 on a little-endian
// host, 4 on a big-endian one.
func lowHalf() uint32 {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return 0
	}
	return 4
}

// Bytes returns the struct as the kernel has it in memory: the fields in this order,
// without padding, each in the host's byte order.
func (d Data) Bytes() (b [DataSize]byte) {
	binary.NativeEndian.PutUint32(b[OffsetNr:], d.Nr)
	binary.NativeEndian.PutUint32(b[OffsetArch:], uint32(d.Arch))
	binary.NativeEndian.PutUint64(b[offsetIP:], d.InstructionPointer)
	for i, arg := range d.Args {
		binary.NativeEndian.PutUint64(b[offsetArgs+8*i:], arg)
	}
	return b
}
