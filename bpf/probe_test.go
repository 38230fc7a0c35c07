package bpf

import "testing"

// A probe shows the whole word that a program returns, as error numbers, which are the only
// harmless output of a filter. It runs the program for syscalls whose argument 4 is the
// marker. Argument 5 chooses which 11 bits of the word become the error number. (12 bits
// fit, but package syscall takes the largest error number for a result.) All other
// syscalls are allowed.
const (
	marker   = 0x5ecc0de5
	partBits = 11
	partMask = 1<<partBits - 1
	parts    = 3
)

// probed returns d with the arguments for which the probe shows a part of the word.
func probed(d Data, part int) Data {
	d.Args[4], d.Args[5] = marker, uint64(part)
	return d
}

// marked returns the filter that runs body on marked syscalls.
func marked(t testing.TB, body ...Instruction) Program {
	t.Helper()
	return mustNew(t, append([]Instruction{
		{Code: St, K: 15},
		{Code: LdAbs, K: ArgLow(4)},
		{Code: JeqK, K: marker, Jt: 1},
		{Code: RetK, K: uint32(Allow)},
		{Code: LdMem, K: 15}, // A is again 0, as at the start; X still is
	}, body...)...)
}

// probe returns the filter that shows the results of p. Every return of p becomes a jump,
// so that the jumps of p keep their distances.
func probe(t testing.TB, p Program) Program {
	t.Helper()
	body := p.Instructions()
	var stubs []Instruction // load the constant of a return
	end := len(body)
	for _, in := range body {
		if in.Code == RetK {
			end += 2
		}
	}
	for i, in := range body {
		target := end
		switch in.Code {
		case RetK:
			target = len(body) + len(stubs)
			stubs = append(stubs, Instruction{Code: LdImm, K: in.K}, Instruction{Code: Ja, K: uint32(end - target - 2)})
		case RetA:
		default:
			continue
		}
		body[i] = Instruction{Code: Ja, K: uint32(target - i - 1)}
	}
	return marked(t, append(append(body, stubs...),
		Instruction{Code: St, K: 0},
		Instruction{Code: LdAbs, K: ArgLow(5)},
		Instruction{Code: MulK, K: partBits},
		Instruction{Code: Tax},
		Instruction{Code: LdMem, K: 0},
		Instruction{Code: RshX},
		Instruction{Code: AndK, K: partMask},
		Instruction{Code: OrK, K: uint32(Errno)},
		Instruction{Code: RetA},
	)...)
}

func mustNew(t testing.TB, code ...Instruction) Program {
	t.Helper()
	p, err := New(code)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}
