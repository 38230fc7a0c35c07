package compile

import (
	"fmt"
	"slices"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
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

// table returns an architecture's syscalls. libseccomp gives names for numbers,
// but not all numbers for names: for what stands behind a multiplexer, it keeps
// the direct number to itself.
func table(name specs.Arch) *meaning.ABI {
	if known, ok := tables.Load(name); ok {
		return known.(*meaning.ABI)
	}
	abi := &meaning.ABI{Name: name, Arch: archs[name].audit, Numbers: map[string]uint32{}}
	for _, r := range ranges(name) {
		for nr := r.first; nr <= r.last; nr++ {
			if syscall, err := libseccomp.ScmpSyscall(nr).GetNameByArch(archs[name].scmp); err == nil {
				abi.Numbers[syscall] = nr
			}
		}
	}
	known, _ := tables.LoadOrStore(name, abi)
	return known.(*meaning.ABI)
}

type numbers struct{ first, last uint32 }

// ranges are where an architecture's numbers are. The tables end below 600 today.
func ranges(name specs.Arch) []numbers {
	from := func(first uint32) numbers { return numbers{first, first + 999} }
	switch name {
	case specs.ArchX32:
		return []numbers{from(bpf.X32Bit)}
	case specs.ArchARM:
		return []numbers{from(0), {0xf0000, 0xf000f}} // __ARM_NR_*
	case specs.ArchMIPS, specs.ArchMIPSEL:
		return []numbers{from(4000)}
	case specs.ArchMIPS64, specs.ArchMIPSEL64:
		return []numbers{from(5000)}
	case specs.ArchMIPS64N32, specs.ArchMIPSEL64N32:
		return []numbers{from(6000)}
	}
	return []numbers{from(0)}
}

// knownNames returns the profile without the names that libseccomp does not
// know, which are an error unless they are allowed, and these names.
func knownNames(p *seccomp.Profile) (known *specs.LinuxSeccomp, skipped []string, err error) {
	known = p.Spec()
	otherwise := meaning.Action(known.DefaultAction, known.DefaultErrnoRet)
	for i := range known.Syscalls {
		rule := &known.Syscalls[i]
		action := meaning.Action(rule.Action, rule.ErrnoRet)
		var names []string
		for j, name := range rule.Names {
			_, err := libseccomp.GetSyscallFromName(name)
			switch {
			case err == nil:
				names = append(names, name)
			case action == otherwise:
			case meaning.Permits(action):
				skipped = append(skipped, name)
			default:
				field := fmt.Sprintf("syscalls[%d].names[%d]", i, j)
				return nil, nil, unsupported(field, name, fmt.Errorf("a rule with %s needs a known syscall", rule.Action))
			}
		}
		rule.Names = names
	}
	slices.Sort(skipped)
	return known, slices.Compact(skipped), nil
}
