package check_test

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// Few names and numbers, so that rules often are about the same syscall.
var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64,
		Numbers: map[string]uint32{"read": 0, "write": 1, "socket": 41, "clone": 56, "openat2": 437}}
	x86 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386,
		Numbers: map[string]uint32{"read": 3, "write": 4, "socketcall": 102, "clone": 120, "socket": 359, "openat2": 437}}
	x32 = &meaning.ABI{Name: specs.ArchX32, Arch: bpf.ArchX86_64,
		Numbers: map[string]uint32{"read": bpf.X32Bit, "write": bpf.X32Bit | 1, "socket": bpf.X32Bit | 41, "clone": bpf.X32Bit | 56, "openat2": bpf.X32Bit | 437}}
	s390x = &meaning.ABI{Name: specs.ArchS390X, Arch: bpf.ArchS390X,
		Numbers: map[string]uint32{"read": 3, "write": 4, "socketcall": 102, "clone": 120, "socket": 359}}

	abiSets = [][]*meaning.ABI{{x8664}, {x8664, x86}, {x8664, x32}, {x8664, x86, x32}, {x86}, {s390x}, {s390x, x86}}
	names   = []string{"read", "write", "socket", "clone", "openat2"}

	operators = seccomp.Operators()
	actions   = []specs.LinuxSeccompAction{specs.ActErrno, specs.ActAllow, specs.ActLog, specs.ActKillProcess, specs.ActTrap, specs.ActTrace}
)

func chosenMeaning(t *testing.T, c *seccomptest.Choices) *meaning.Meaning {
	t.Helper()
	spec := &specs.LinuxSeccomp{DefaultAction: seccomptest.Pick(c, actions)}
	for range c.UpTo(7) {
		r := specs.LinuxSyscall{Names: []string{seccomptest.Pick(c, names)}, Action: seccomptest.Pick(c, actions)}
		r.Args = c.Conditions([]uint{0, 1, 2}, operators)
		spec.Syscalls = append(spec.Syscalls, r)
	}
	return meaningOf(t, spec, seccomptest.Pick(c, abiSets)...)
}

func meaningOf(t testing.TB, spec *specs.LinuxSeccomp, abis ...*meaning.ABI) *meaning.Meaning {
	t.Helper()
	p, err := seccomp.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return meaning.New(p, abis)
}

// mutated changes some instructions a little. It leaves out changes that bpf.New refuses.
func mutated(c *seccomptest.Choices, p bpf.Program) bpf.Program {
	for range c.UpTo(4) {
		code := p.Instructions()
		in := &code[(c.UpTo(256)<<8|c.UpTo(256))%len(code)]
		switch c.UpTo(6) {
		case 0:
			in.K++
		case 1:
			in.K--
		case 2:
			in.K ^= 1 << c.UpTo(32)
		case 3:
			in.Jt, in.Jf = in.Jf, in.Jt
		case 4:
			in.Code = seccomptest.Pick(c, []uint16{bpf.JeqK, bpf.JgtK, bpf.JgeK, bpf.JsetK, bpf.LdAbs, bpf.AndK, bpf.RetK})
		case 5:
			in.Jt += uint8(c.UpTo(3))
		}
		if changed, err := bpf.New(code); err == nil {
			p = changed
		}
	}
	return p
}

// chosenCall chooses values that are most likely to show a difference: the constants of the
// program and their neighbours.
func chosenCall(c *seccomptest.Choices, p bpf.Program) bpf.Data {
	code := p.Instructions()
	random := func() uint32 {
		if c.UpTo(3) == 0 {
			return uint32(seccomptest.Pick(c, seccomptest.Halves))
		}
		return code[(c.UpTo(256)<<8|c.UpTo(256))%len(code)].K + uint32(c.UpTo(3)) - 1
	}
	d := bpf.Data{Nr: random(), Arch: seccomptest.Pick(c, []bpf.Arch{bpf.ArchX86_64, bpf.ArchI386, bpf.ArchS390X, bpf.Arch(random())})}
	if c.UpTo(2) == 0 {
		d.Nr = seccomptest.Pick(c, []*meaning.ABI{x8664, x86, x32, s390x}).Numbers[seccomptest.Pick(c, names)]
	}
	for arg := range 4 {
		d.Args[arg] = uint64(random())<<32 | uint64(random())
	}
	if c.UpTo(3) == 0 {
		d.InstructionPointer = uint64(random())
	}
	return d
}
