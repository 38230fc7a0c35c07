package record

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// The bits of an ABI's number in the calls map, and of the index there.
const (
	abis  = 3 // native, compat and x32
	kinds = 2 // init and exec

	native = 0
	compat = 1
	x32    = 2

	numbers = 1 << 10 // of an ABI and a kind; the last one counts all numbers beyond
)

// slotIndex is the index of a call's slot in the calls map.
func slotIndex(kind, abi int, nr uint32) uint32 {
	return uint32(kind*abis+abi)*numbers + min(nr, numbers-1)
}

// The counters of the lost map.
const (
	lostTasks = iota
	lostCalls
	lostCounters
)

// The layout of a slot. The compiled programs have the same offsets.
const (
	slotCount    = 0  // u64: calls
	slotFirst    = 8  // u64: CLOCK_MONOTONIC at the first one
	slotReads    = 16 // u32: which arguments are read, see reads
	slotDistinct = 20 // u32: distinct values so far, about
	slotSize     = 24
)

// The key of the values map: the slot's index, and the values.
const (
	keySize   = 8 + 8*arguments
	arguments = 3
)

// Places on the stack of a program.
const (
	stackTask = -8
	stackWord = -16
	stackPid  = -24 // struct bpf_pidns_info: pid, tgid
	stackZero = -32
	stackKey  = -32 - keySize
)

// seeing returns the program of the tracepoint sys_enter: it counts the calls of recorded
// tasks. Its arguments are (struct pt_regs *regs, long id).
func seeing(m *maps, k kernel) asm.Instructions {
	in := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.FnGetCurrentTask.Call(),
		asm.Mov.Reg(asm.R7, asm.R0),
		asm.StoreMem(asm.RFP, stackTask, asm.R7, asm.DWord),
	}
	in = append(in, lookup(m.tasks, stackTask)...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMem(asm.R8, asm.R0, 0, asm.Word), // the kind
	)
	in = append(in, k.readABI()...) // R9 = the ABI
	in = append(in,
		// R6 = regs, R7 = the number
		asm.LoadMem(asm.R7, asm.R6, 8, asm.DWord),
		asm.LoadMem(asm.R6, asm.R6, 0, asm.DWord),
		asm.Mov.Reg32(asm.R7, asm.R7),
	)
	in = append(in, k.splitX32()...)
	in = append(in,
		asm.JLT.Imm(asm.R7, numbers, "index"),
		asm.Mov.Imm(asm.R7, numbers-1),
		asm.Mul.Imm(asm.R8, abis).WithSymbol("index"),
		asm.Add.Reg(asm.R8, asm.R9),
		asm.LSh.Imm(asm.R8, 10),
		asm.Add.Reg(asm.R8, asm.R7),
		asm.StoreMem(asm.RFP, stackWord, asm.R8, asm.Word),
	)
	in = append(in, lookup(m.calls, stackWord)...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "lost"),
		asm.Mov.Reg(asm.R9, asm.R0), // the slot
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreXAdd(asm.R9, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R9, slotFirst, asm.DWord),
		asm.JNE.Imm(asm.R1, 0, "known"),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R9, slotFirst, asm.R0, asm.DWord),
		asm.LoadMem(asm.R7, asm.R9, slotReads, asm.Word).WithSymbol("known"),
		asm.JEq.Imm(asm.R7, 0, "out"),
		asm.StoreMem(asm.RFP, stackKey, asm.R8, asm.DWord),
	)
	in = append(in, countValues(m)...)
	in = append(in, lose(m, lostCalls)...)
	return append(in, out()...)
}

// countValues counts the values of a call's arguments. R6 is the pt_regs, R7 the slot's word of
// what to read, R9 the slot; the key has the slot's index.
func countValues(m *maps) (in asm.Instructions) {
	for i := range arguments {
		in = append(in, readArgument(i)...)
	}
	found := lookup(m.values, stackKey)
	found[0] = found[0].WithSymbol(fmt.Sprintf("argument%d", arguments))
	in = append(in, found...)
	in = append(in,
		asm.JNE.Imm(asm.R0, 0, "count"),
		// A new value, if there is room: another processor may add it at the same time.
		asm.LoadMem(asm.R1, asm.R9, slotDistinct, asm.Word),
		asm.JGE.Imm(asm.R1, mostDistinct, "out"),
		asm.StoreImm(asm.RFP, stackZero, 0, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.values.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackKey),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, stackZero),
		asm.Mov.Imm(asm.R4, updateNoExist),
		asm.FnMapUpdateElem.Call(),
		asm.JNE.Imm(asm.R0, 0, "added"),
		asm.Mov.Imm(asm.R1, 1),
		asm.Mov.Reg(asm.R2, asm.R9), asm.Add.Imm(asm.R2, slotDistinct),
		asm.StoreXAdd(asm.R2, asm.R1, asm.Word),
	)
	added := lookup(m.values, stackKey)
	added[0] = added[0].WithSymbol("added")
	in = append(in, added...)
	return append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1).WithSymbol("count"),
		asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
		asm.Ja.Label("out"),
	)
}

// readArgument puts an argument that the slot's word in R7 asks for into the key, and 0 if it
// asks for none. R6 is the pt_regs.
func readArgument(i int) asm.Instructions {
	at := int16(stackKey + 8 + 8*i)
	next := fmt.Sprintf("argument%d", i+1)
	return asm.Instructions{
		asm.StoreImm(asm.RFP, at, 0, asm.DWord).WithSymbol(fmt.Sprintf("argument%d", i)),
		asm.Mov.Reg(asm.R3, asm.R7),
		asm.RSh.Imm(asm.R3, int32(8*i)),
		asm.And.Imm(asm.R3, 0xff),
		asm.JEq.Imm(asm.R3, 0, next),
		asm.LSh.Imm(asm.R3, 3),
		asm.Add.Reg(asm.R3, asm.R6),
		asm.Mov.Imm(asm.R2, 8),
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(at)),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"), // counted, with a value that is not known
		asm.Mov.Reg(asm.R1, asm.R7),
		asm.RSh.Imm(asm.R1, int32(24+i)),
		asm.And.Imm(asm.R1, 1),
		asm.JEq.Imm(asm.R1, 0, next),
		asm.LoadMem(asm.R1, asm.RFP, at, asm.Word), // the lower half
		asm.StoreMem(asm.RFP, at, asm.R1, asm.DWord),
	}
}

// following returns the program of sched_process_fork (parent, child): a child of a recorded
// task is recorded. The kernel has not woken the child yet (kernel_clone, kernel/fork.c).
func following(m *maps) asm.Instructions {
	in := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMem(asm.R1, asm.R6, 0, asm.DWord),
		asm.StoreMem(asm.RFP, stackTask, asm.R1, asm.DWord),
	}
	in = append(in, lookup(m.tasks, stackTask)...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.StoreMem(asm.RFP, stackZero, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, 8, asm.DWord),
		asm.StoreMem(asm.RFP, stackTask, asm.R1, asm.DWord),
	)
	in = append(in, store(m.tasks, stackTask, stackZero)...)
	in = append(in, asm.JEq.Imm(asm.R0, 0, "out"))
	in = append(in, lose(m, lostTasks)...)
	return append(in, out()...)
}

// ending returns the program of sched_process_exit (task): the task makes no call any more,
// and its address may become another task's.
func ending(m *maps) asm.Instructions {
	return append(asm.Instructions{
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord),
		asm.StoreMem(asm.RFP, stackTask, asm.R1, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.tasks.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackTask),
		asm.FnMapDeleteElem.Call(),
	}, out()...)
}

// beginning returns the program of sched_process_exec (task, old pid, bprm): if the process
// is in the map of those that begin, it is recorded from here on. The task is the current one.
func beginning(m *maps) asm.Instructions {
	in := asm.Instructions{
		asm.LoadMem(asm.R7, asm.R1, 0, asm.DWord),
		asm.StoreImm(asm.RFP, stackWord, 0, asm.Word),
	}
	in = append(in, lookup(m.place, stackWord)...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.LoadMem(asm.R2, asm.R0, 8, asm.DWord),
		asm.StoreImm(asm.RFP, stackPid, 0, asm.DWord),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, stackPid),
		asm.Mov.Imm(asm.R4, 8),
		asm.FnGetNsCurrentPidTgid.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"), // a process of another pid namespace
		asm.LoadMem(asm.R1, asm.RFP, stackPid+4, asm.Word),
		asm.StoreMem(asm.RFP, stackWord, asm.R1, asm.Word),
	)
	in = append(in, lookup(m.starting, stackWord)...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.Word),
		asm.StoreMem(asm.RFP, stackZero, asm.R1, asm.DWord),
		asm.StoreMem(asm.RFP, stackTask, asm.R7, asm.DWord),
		asm.LoadMapPtr(asm.R1, m.starting.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, stackWord),
		asm.FnMapDeleteElem.Call(),
	)
	in = append(in, store(m.tasks, stackTask, stackZero)...)
	in = append(in, asm.JEq.Imm(asm.R0, 0, "out"))
	in = append(in, lose(m, lostTasks)...)
	return append(in, out()...)
}

// lookup leaves in R0 the address of the value whose key is on the stack, or 0.
func lookup(m *ebpf.Map, key int32) asm.Instructions {
	return asm.Instructions{
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, key),
		asm.FnMapLookupElem.Call(),
	}
}

// store leaves 0 in R0 if the value is stored.
func store(m *ebpf.Map, key, value int32) asm.Instructions {
	return asm.Instructions{
		asm.LoadMapPtr(asm.R1, m.FD()),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, key),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, value),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnMapUpdateElem.Call(),
	}
}

// lose counts at the label "lost".
func lose(m *maps, counter int64) asm.Instructions {
	in := asm.Instructions{asm.StoreImm(asm.RFP, stackWord, counter, asm.Word).WithSymbol("lost")}
	in = append(in, lookup(m.lost, stackWord)...)
	return append(in,
		asm.JEq.Imm(asm.R0, 0, "out"),
		asm.Mov.Imm(asm.R1, 1),
		asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
	)
}

func out() asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R0, 0).WithSymbol("out"), asm.Return()}
}
