package bpf

import (
	"slices"
	"testing"
)

// Facts hold: when a random program reaches an instruction for random data, A is the word
// that the instruction's fact names, and the architecture is that of the fact.
func TestFactsHold(t *testing.T) {
	r := newRandom(5)
	var fields, archs int
	for range 3000 {
		p := generate(t, archTests(r), allOpcodes)
		d := r.data()
		d.Arch = Arch(1 + r.IntN(2))
		for pc, f := range trace(p.code) {
			a, reached := registerA(p, pc, d)
			if !reached {
				continue
			}
			if !f.reached {
				t.Fatalf("instruction %d is reached for %+v\n%v", pc, d, p)
			}
			if f.field != noField {
				fields++
				want := uint32(mustNew(t, Instruction{Code: LdAbs, K: f.field}, Instruction{Code: RetA}).Run(d))
				if a != want {
					t.Fatalf("at %d A = %#x, not %s = %#x, for %+v\n%v", pc, a, fieldName(f.field), want, d, p)
				}
			}
			if f.arch != 0 {
				archs++
				if f.arch != d.Arch {
					t.Fatalf("at %d arch is not %v for %+v\n%v", pc, f.arch, d, p)
				}
			}
		}
	}
	if fields < 1000 || archs < 1000 {
		t.Errorf("only %d fields and %d architectures were known", fields, archs)
	}
}

// archTests returns bytes for generate in which loads of arch and comparisons
// with 1 and 2 are frequent.
func archTests(r random) []byte {
	raw := r.bytes(8 * (4 + r.IntN(30)))
	for i := 0; i < len(raw); i += 8 {
		switch r.IntN(3) {
		case 0:
			copy(raw[i:], []byte{0: 0, 4: OffsetArch, 5: 0, 6: 0, 7: 0})
		case 1:
			raw[i] = byte(slices.Index(allOpcodes, JeqK))
			copy(raw[i+4:], []byte{byte(1 + r.IntN(2)), 0, 0, 0})
		}
	}
	return raw
}

// registerA returns A when p reaches the instruction pc for d, if it does.
func registerA(p Program, pc int, d Data) (a uint32, reached bool) {
	stop := func(here, elsewhere Instruction) uint32 {
		code := p.Instructions()
		for i, in := range code {
			if in.Code&classMask == classRet {
				code[i] = elsewhere
			}
		}
		code[pc] = here
		return uint32(Program{code}.Run(d))
	}
	const no, yes = 0, 1 // no: also what a division by 0 returns
	if stop(Instruction{Code: RetK, K: yes}, Instruction{Code: RetK, K: no}) == no {
		return 0, false
	}
	return stop(Instruction{Code: RetA}, Instruction{Code: RetA}), true
}
