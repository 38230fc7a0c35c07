package compile

import (
	"errors"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/meaning"
)

// Our own emission of everything that a profile says decides as the profile
// says; there is no libseccomp in this.
func FuzzEmit(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(randomBytes(seed), seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		p := chosen(t, raw)
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		emitted(t, m, seed)
	})
}

func emitted(t *testing.T, m *meaning.Meaning, seed uint64) {
	t.Helper()
	program, err := emit.Prologue(bare(t, m), m, everything(m))
	if tooLong := (*bpf.LengthError)(nil); errors.As(err, &tooLong) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	agree(t, program, m, seed)
	differences, err := check.Compare(t.Context(), program, m)
	if err != nil || len(differences) > 0 {
		t.Errorf("%v, %v\n%s", differences, err, program)
	}
}

// everything are all syscalls that have rules.
func everything(m *meaning.Meaning) emit.Syscalls {
	all := emit.Syscalls{}
	for _, abi := range m.ABIs {
		for nr := range abi.Rules {
			all[abi.Arch] = append(all[abi.Arch], nr)
		}
	}
	return all
}

// bare is a program for a profile without rules: the default action, and for
// what does not belong to the profile the end.
func bare(t *testing.T, m *meaning.Meaning) bpf.Program {
	t.Helper()
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	for _, abi := range m.ABIs {
		other := bpf.Label("behind " + abi.Name)
		a.If(bpf.Equal, uint32(abi.Arch), bpf.Next, other)
		a.Load(bpf.OffsetNr)
		switch abi.Name {
		case specs.ArchX86_64:
			a.If(bpf.Equal, ^uint32(0), "default", bpf.Next)
			a.If(bpf.GreaterOrEqual, bpf.X32Bit, bpf.Next, "default")
		case specs.ArchX32:
			a.If(bpf.Equal, ^uint32(0), other+" number", bpf.Next)
			a.If(bpf.GreaterOrEqual, bpf.X32Bit, "default", bpf.Next)
			a.Mark(other + " number")
		default:
			a.Goto("default")
		}
		a.Load(bpf.OffsetArch)
		a.Mark(other)
	}
	a.Return(bpf.KillThread)
	a.Mark("default")
	a.Return(m.Default)
	p, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
