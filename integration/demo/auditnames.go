package main

import (
	"fmt"
	"slices"

	"github.com/seccomp/libseccomp-golang"

	"seccomp-shim/integration/testbed"
)

// ofProgram returns the records of the processes that run the program, also those of the
// runtime's calls between the load of the filter and the execve. A record does not name its
// container; for a demo the path of the program is enough.
func ofProgram(records []testbed.AuditRecord) []testbed.AuditRecord {
	pids := map[int]bool{}
	for _, r := range records {
		if r.Exe == program {
			pids[r.Pid] = true
		}
	}
	return slices.DeleteFunc(records, func(r testbed.AuditRecord) bool { return !pids[r.Pid] })
}

// byProgram splits records into those before the execve, the runtime's, and those after it,
// the program's.
func byProgram(records []testbed.AuditRecord) (ofProgram, ofRuntime []testbed.AuditRecord) {
	for _, r := range records {
		if r.Exe == program {
			ofProgram = append(ofProgram, r)
		} else {
			ofRuntime = append(ofRuntime, r)
		}
	}
	return ofProgram, ofRuntime
}

// syscallNames returns the names of the calls in records, each once, in alphabetical
// order.
func syscallNames(records []testbed.AuditRecord) []string {
	var names []string
	for _, r := range records {
		names = append(names, syscallName(r))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// archs maps AUDIT_ARCH_* of linux/audit.h to libseccomp's names, for the architectures
// on which containerd is released.
var archs = map[uint32]seccomp.ScmpArch{
	0x40000003: seccomp.ArchX86,
	0xc000003e: seccomp.ArchAMD64,
	0x40000028: seccomp.ArchARM,
	0xc00000b7: seccomp.ArchARM64,
	0xc0000015: seccomp.ArchPPC64LE,
	0xc00000f3: seccomp.ArchRISCV64,
	0x80000016: seccomp.ArchS390X,
}

func syscallName(r testbed.AuditRecord) string {
	if arch, known := archs[r.Arch]; known {
		if name, err := seccomp.ScmpSyscall(r.Syscall).GetNameByArch(arch); err == nil {
			return name
		}
	}
	return fmt.Sprintf("%d (arch %x)", r.Syscall, r.Arch)
}
