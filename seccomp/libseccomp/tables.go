package libseccomp

import (
	"maps"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	golang "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/syscalls"
)

// Native returns the OCI name of the architecture that this process runs on; empty if
// libseccomp does not know it.
func Native() specs.Arch { return native() }

var native = sync.OnceValue(func() specs.Arch {
	here, err := golang.GetNativeArch()
	if err != nil {
		return ""
	}
	for name, arch := range archs {
		if arch.scmp == here {
			return name
		}
	}
	return ""
})

var tables sync.Map // specs.Arch to *meaning.ABI

// ABI returns an architecture and its syscalls. The value is shared: do not change it.
func ABI(name specs.Arch) *meaning.ABI {
	if known, ok := tables.Load(name); ok {
		return known.(*meaning.ABI)
	}
	known, _ := tables.LoadOrStore(name, newTable(name, libseccompName))
	return known.(*meaning.ABI)
}

// libseccompName is libseccomp's name for a number, or empty if it has none.
func libseccompName(on specs.Arch, nr uint32) string {
	name, err := golang.ScmpSyscall(nr).GetNameByArch(archs[on].scmp)
	if err != nil {
		return ""
	}
	return name
}

// newTable asks libseccomp for the names of all numbers. It does not ask for the
// numbers of names: for a syscall behind a multiplexer, libseccomp keeps the
// direct number to itself. The syscalls that an old libseccomp does not know come
// from package syscalls.
func newTable(name specs.Arch, libseccompName func(specs.Arch, uint32) string) *meaning.ABI {
	abi := &meaning.ABI{Name: name, Arch: archs[name].audit, Numbers: map[string]uint32{}}
	for _, r := range ranges(name) {
		for nr := r.first; nr <= r.last; nr++ {
			if syscall := libseccompName(name, nr); syscall != "" {
				abi.Numbers[syscall] = nr
			}
		}
	}
	maps.Insert(abi.Numbers, syscalls.On(name))
	return abi
}

type numbers struct{ first, last uint32 }

// ranges returns the ranges of an architecture's numbers. Today they end below 600.
func ranges(name specs.Arch) []numbers {
	first := syscalls.Base(name)
	all := []numbers{{first, first + 999}}
	if name == specs.ArchARM {
		all = append(all, numbers{0xf0000, 0xf000f}) // __ARM_NR_*
	}
	return all
}
