package record

import "github.com/cilium/ebpf/asm"

// kernel is what the programs must know about this kernel and architecture.
type kernel struct {
	// The flag that says that a call is one of the compat ABI: in which 32-bit word of
	// the task, and which bit of it.
	compatOffset int32
	compatBit    int32
	hasX32       bool
	registers    func(abi int, argument uint) uint32 // where pt_regs has an argument, in words of 8 bytes; never 0
}

// readABI puts the ABI of the current call into R9. R7 is the task, whose first member is
// its thread_info.
func (k kernel) readABI() asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R3, asm.R7),
		asm.Add.Imm(asm.R3, k.compatOffset),
		asm.Mov.Imm(asm.R2, 4),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, stackWord),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "lost"),
		asm.LoadMem(asm.R9, asm.RFP, stackWord, asm.Word),
		asm.RSh.Imm(asm.R9, k.compatBit),
		asm.And.Imm(asm.R9, 1),
	}
}

// splitX32 makes the ABI in R9 x32 if the number in R7 is one of x32, and takes the bit out
// of the number. -1 is none (do_syscall_x64, arch/x86/entry).
func (k kernel) splitX32() asm.Instructions {
	if !k.hasX32 {
		return nil
	}
	return asm.Instructions{
		asm.JNE.Imm(asm.R9, native, "split"),
		asm.JLT.Imm(asm.R7, 1<<30, "split"),
		asm.JEq.Imm32(asm.R7, -1, "split"),
		asm.Mov.Imm(asm.R9, x32),
		asm.And.Imm(asm.R7, ^(1 << 30)),
		asm.Mov.Reg(asm.R7, asm.R7).WithSymbol("split"),
	}
}
