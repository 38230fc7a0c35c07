package compile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

// withEnosys puts in front of a program what answers ENOSYS to the syscalls that
// are newer than the profile. A profile that lets unlisted syscalls run needs
// nothing of it; a tracer is expected to cope by itself.
func withEnosys(program bpf.Program, spec *specs.LinuxSeccomp) (bpf.Program, error) {
	if permits(spec.DefaultAction) || spec.DefaultAction == specs.ActTrace {
		return program, nil
	}
	highest, err := highestNumbers(spec)
	if err != nil {
		return bpf.Program{}, err
	}
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	// Sorted: the same profile compiles to the same bytes.
	audits := slices.Sorted(maps.Keys(highest))
	for _, audit := range audits {
		a.If(bpf.Equal, uint32(audit), section(audit), bpf.Next)
	}
	a.Goto("filter")
	for _, audit := range audits {
		enosysSection(&a, audit, highest[audit])
	}
	a.Mark("enosys")
	a.Return(bpf.ErrnoOf(uint16(unix.ENOSYS)))
	a.Mark("filter")
	a.Append(program)
	return a.Program()
}

func section(audit bpf.Arch) bpf.Label { return bpf.Label("new on " + audit.String()) }

// limits are the highest numbers that a profile names for one kernel
// architecture; nil where it names none.
type limits struct {
	native, x32 *uint32
}

func enosysSection(a *bpf.Assembler, audit bpf.Arch, l limits) {
	a.Mark(section(audit))
	a.Load(bpf.OffsetNr)
	switch audit {
	case bpf.ArchS390, bpf.ArchS390X:
		// Number 0, the ancient setup(2), also stands for every number too large
		// for the instruction, which the kernel does not know (runc#2871).
		a.If(bpf.Equal, 0, "enosys", bpf.Next)
	case bpf.ArchX86_64:
		a.If(bpf.AnyBit, bpf.X32Bit, "x32", bpf.Next)
		above(a, l.native)
		a.Mark("x32")
		above(a, l.x32)
		return
	}
	above(a, l.native)
}

func above(a *bpf.Assembler, highest *uint32) {
	if highest == nil {
		a.Goto("filter")
		return
	}
	a.If(bpf.Greater, *highest, "enosys", "filter")
}

// highestNumbers finds the highest syscall number that the profile names, for
// each architecture that belongs to it.
func highestNumbers(spec *specs.LinuxSeccomp) (map[bpf.Arch]limits, error) {
	all, err := architectures(spec)
	if err != nil {
		return nil, err
	}
	found := map[bpf.Arch]limits{}
	for _, arch := range all {
		l := found[arch.audit]
		if arch.scmp == libseccomp.ArchX32 {
			l.x32 = highestNumber(spec, arch.scmp)
		} else {
			l.native = highestNumber(spec, arch.scmp)
		}
		found[arch.audit] = l
	}
	return found, nil
}

func highestNumber(spec *specs.LinuxSeccomp, scmp libseccomp.ScmpArch) (highest *uint32) {
	for _, rule := range spec.Syscalls {
		for _, name := range rule.Names {
			nr, err := libseccomp.GetSyscallFromNameByArch(name, scmp)
			// Negative numbers stand for syscalls that other architectures have.
			if err != nil || nr < 0 || (highest != nil && uint32(nr) <= *highest) {
				continue
			}
			n := uint32(nr)
			highest = &n
		}
	}
	return highest
}

// architectures returns those that belong to the profile: the native one, and
// what it lists.
func architectures(spec *specs.LinuxSeccomp) ([]arch, error) {
	native, err := libseccomp.GetNativeArch()
	if err != nil {
		return nil, fmt.Errorf("find the native architecture: %w", err)
	}
	var all []arch
	for name, arch := range archs {
		if arch.scmp == native || slices.Contains(spec.Architectures, name) {
			all = append(all, arch)
		}
	}
	slices.SortFunc(all, func(a, b arch) int { return cmp.Compare(a.scmp, b.scmp) })
	return all, nil
}
