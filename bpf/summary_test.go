package bpf

import (
	"slices"
	"testing"
)

// The summary has no returns that no path reaches, and no constants that are not compared
// with the architecture.
func TestSummary(t *testing.T) {
	p := mustNew(t,
		Instruction{Code: LdAbs, K: OffsetArch},
		Instruction{Code: JeqK, K: uint32(ArchX86_64), Jt: 3},
		Instruction{Code: JeqK, K: uint32(ArchAARCH64), Jt: 2},
		Instruction{Code: RetK, K: uint32(KillProcess)},
		Instruction{Code: RetK, K: uint32(Trap)}, // nothing leads here
		Instruction{Code: LdAbs, K: OffsetNr},
		Instruction{Code: JeqK, K: uint32(ArchI386), Jt: 2},
		Instruction{Code: JgtK, K: 450, Jt: 2},
		Instruction{Code: RetK, K: uint32(Allow | 7)}, // the kernel ignores the data
		Instruction{Code: RetK, K: uint32(ErrnoOf(38))},
		Instruction{Code: RetK, K: uint32(ErrnoOf(1))})
	if got, want := p.Architectures(), []Arch{ArchX86_64, ArchAARCH64}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("architectures %v, want %v", got, want)
	}
	if got, want := p.Actions(), []Action{KillProcess, ErrnoOf(1), ErrnoOf(38), Allow}; !slices.Equal(got, want) {
		t.Errorf("actions %v, want %v", got, want)
	}
	var none Program
	if len(none.Architectures()) > 0 || len(none.Actions()) > 0 {
		t.Error("a program without instructions has actions")
	}
}
