package record

import "github.com/opencontainers/runtime-spec/specs-go"

// On x86, TS_COMPAT of thread_info.status says that the current call came by int 0x80,
// SYSENTER or the SYSCALL of 32-bit mode (arch/x86/include/asm/thread_info.h). The code
// segment does not: 64-bit code may use int 0x80.
const tsCompat = 1

// The kernel has added syscall_work to thread_info, before status, in 5.11.
func kernels() []kernel {
	k := kernel{compatBit: tsCompat, hasX32: true, registers: registers}
	newer, older := k, k
	newer.compatOffset, older.compatOffset = 16, 8
	return []kernel{newer, older}
}

// registers follows struct pt_regs, which is ABI (arch/x86/include/uapi/asm/ptrace.h).
func registers(abi int, argument uint) uint32 {
	const bp, bx, r10, r9, r8, cx, dx, si, di = 4, 5, 7, 8, 9, 11, 12, 13, 14
	if abi == compat {
		return [...]uint32{bx, cx, dx, si, di, bp}[argument]
	}
	return [...]uint32{di, si, dx, r10, r8, r9}[argument]
}

// conventions are the ABIs by their number.
var conventions = []specs.Arch{native: specs.ArchX86_64, compat: specs.ArchX86, x32: specs.ArchX32}
