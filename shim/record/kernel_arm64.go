package record

import "github.com/opencontainers/runtime-spec/specs-go"

// On arm64, TIF_32BIT of thread_info.flags says that the task runs in 32-bit mode, where it
// makes calls of the 32-bit ABI only (arch/arm64/include/asm/thread_info.h).
const tif32Bit = 22

func kernels() []kernel {
	return []kernel{{compatOffset: 0, compatBit: tif32Bit, registers: registers}}
}

// registers follows struct pt_regs of arch/arm64/include/asm/ptrace.h. The kernel may have
// overwritten the first argument's register; orig_x0 has its value.
func registers(_ int, argument uint) uint32 {
	const origX0 = 34
	if argument == 0 {
		return origX0
	}
	return uint32(argument)
}

// conventions are the ABIs by their number.
var conventions = []specs.Arch{native: specs.ArchAARCH64, compat: specs.ArchARM}
