package explain

import (
	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// Call returns the ABI of a call and the case that decides it. The ABI is nil if the profile
// does not have it.
func Call(m *meaning.Meaning, d bpf.Data) (*meaning.ABIRules, Case) {
	call, abi := m.Call(d.Arch, d.Nr), m.ABI(d.Arch, d.Nr)
	if abi == nil {
		return nil, Case{Action: call.Otherwise, Reason: ForeignABI}
	}
	known := map[uint]uint64{}
	for i, arg := range d.Args {
		if !abi.Wide() {
			arg = uint64(uint32(arg)) // a register has 32 bits
		}
		known[uint(i)] = arg
	}
	return abi, cases(abi, call, d.Nr, known)[0]
}

// Outcomes returns the ABI of a syscall and the cases that may decide it, for all
// arguments. The ABI is nil if the profile does not have it.
func Outcomes(m *meaning.Meaning, arch bpf.Arch, nr uint32) (*meaning.ABIRules, []Case) {
	call, abi := m.Call(arch, nr), m.ABI(arch, nr)
	if abi == nil {
		return nil, []Case{{Action: call.Otherwise, Reason: ForeignABI}}
	}
	return abi, cases(abi, call, nr, nil)
}
