package record

import (
	"encoding/binary"
	"slices"
)

// probe is a program that shows how the kernel marks the ABI of a call. It says that it runs
// and waits for a byte, executes itself, and then makes getsid once by SYSCALL and once by
// int 0x80. A kernel without 32-bit calls ends it there by SIGSEGV, and a filter of the
// shim's own service may by SIGSYS.
func probe() []byte { return elf64(probeCode) }

const (
	probeNative = 124 // getsid
	probeCompat = 147 // getsid of i386
)

var probeCode = slices.Concat(
	[]byte{0x83, 0x3c, 0x24, 0x01}, // cmpl $1, (%rsp): the number of arguments
	[]byte{0x75, 0x44},             // jne calls
	// write(1, %rsp - 64, 1), read(0, %rsp - 64, 1)
	[]byte{0xb8, 0x01, 0x00, 0x00, 0x00}, // mov $1, %eax
	[]byte{0xbf, 0x01, 0x00, 0x00, 0x00}, // mov $1, %edi
	[]byte{0x48, 0x8d, 0x74, 0x24, 0xc0}, // lea -64(%rsp), %rsi
	[]byte{0xba, 0x01, 0x00, 0x00, 0x00}, // mov $1, %edx
	[]byte{0x0f, 0x05},                   // syscall
	[]byte{0x31, 0xc0},                   // xor %eax, %eax
	[]byte{0x31, 0xff},                   // xor %edi, %edi
	[]byte{0x0f, 0x05},                   // syscall
	[]byte{0x83, 0xf8, 0x01},             // cmp $1, %eax
	[]byte{0x75, 0x17},                   // jne fail
	// execve(path, {path, path, NULL}, NULL)
	[]byte{0x6a, 0x00}, // push $0
	[]byte{0x48, 0x8d, 0x3d, 0x35, 0x00, 0x00, 0x00}, // lea path(%rip), %rdi
	[]byte{0x57, 0x57},                   // push %rdi, twice
	[]byte{0x48, 0x89, 0xe6},             // mov %rsp, %rsi
	[]byte{0x31, 0xd2},                   // xor %edx, %edx
	[]byte{0xb8, 0x3b, 0x00, 0x00, 0x00}, // mov $59, %eax
	[]byte{0x0f, 0x05},                   // syscall
	// fail: exit_group(1)
	[]byte{0xbf, 0x01, 0x00, 0x00, 0x00}, // mov $1, %edi
	[]byte{0xb8, 0xe7, 0x00, 0x00, 0x00}, // mov $231, %eax
	[]byte{0x0f, 0x05},                   // syscall
	// calls: getsid(0), twice, and exit_group(0)
	[]byte{0x31, 0xff},                          // xor %edi, %edi
	[]byte{0xb8, probeNative, 0x00, 0x00, 0x00}, // mov $124, %eax
	[]byte{0x0f, 0x05},                          // syscall
	[]byte{0x31, 0xdb},                          // xor %ebx, %ebx
	[]byte{0xb8, probeCompat, 0x00, 0x00, 0x00}, // mov $147, %eax
	[]byte{0xcd, 0x80},                          // int $0x80
	[]byte{0x31, 0xff},                          // xor %edi, %edi
	[]byte{0xb8, 0xe7, 0x00, 0x00, 0x00},        // mov $231, %eax
	[]byte{0x0f, 0x05},                          // syscall
	[]byte("/proc/self/exe\x00"),                // path
)

// elf64 returns an executable file whose only segment has the code (elf(5)).
func elf64(code []byte) []byte {
	const header, segment, address = 64, 56, 0x400000
	size := uint64(header + segment + len(code))
	f := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	words := func(bytes int, values ...uint64) {
		for _, v := range values {
			f = append(f, binary.LittleEndian.AppendUint64(nil, v)[:bytes]...)
		}
	}
	words(2, 2, 62)                             // ET_EXEC, EM_X86_64
	words(4, 1)                                 // EV_CURRENT
	words(8, address+header+segment, header, 0) // entry, segments, no sections
	words(4, 0)
	words(2, header, segment, 1, 0, 0, 0)
	words(4, 1, 5)                                    // PT_LOAD, readable and executable
	words(8, 0, address, address, size, size, 0x1000) // offset, addresses, sizes, alignment
	return append(f, code...)
}
