package compile

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/syscalls"
)

// Meaning returns what a profile means here: on the native architecture and on
// those that it lists.
func Meaning(p *seccomp.Profile) (*meaning.Meaning, error) {
	native := nativeName()
	if native == "" {
		return nil, fmt.Errorf("libseccomp does not know the native architecture")
	}
	abis := []*meaning.ABI{table(native)}
	for _, name := range p.Spec().Architectures {
		if abi := table(name); !slices.Contains(abis, abi) {
			abis = append(abis, abi)
		}
	}
	return meaning.New(p, abis), nil
}

// nativeName is the OCI name of the architecture that this runs on.
var nativeName = sync.OnceValue(func() specs.Arch {
	native, err := libseccomp.GetNativeArch()
	if err != nil {
		return ""
	}
	for name, arch := range archs {
		if arch.scmp == native {
			return name
		}
	}
	return ""
})

var tables sync.Map // specs.Arch to *meaning.ABI

// table returns an architecture's syscalls.
func table(name specs.Arch) *meaning.ABI {
	if known, ok := tables.Load(name); ok {
		return known.(*meaning.ABI)
	}
	known, _ := tables.LoadOrStore(name, newTable(name, libseccompName))
	return known.(*meaning.ABI)
}

// libseccompName is libseccomp's name for a number, or empty if it has none.
func libseccompName(on specs.Arch, nr uint32) string {
	name, err := libseccomp.ScmpSyscall(nr).GetNameByArch(archs[on].scmp)
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

// ranges are where an architecture's numbers are. The tables end below 600 today.
func ranges(name specs.Arch) []numbers {
	first := syscalls.Base(name)
	all := []numbers{{first, first + 999}}
	if name == specs.ArchARM {
		all = append(all, numbers{0xf0000, 0xf000f}) // __ARM_NR_*
	}
	return all
}
