package check

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"seccomp-shim/bpf"
)

// wordAt has the word that the kernel has at each offset.
func TestWordsLieWhereTheyAreLoaded(t *testing.T) {
	for offset := uint32(0); offset < bpf.DataSize; offset += 4 {
		p := made(t, []bpf.Instruction{{Code: bpf.LdAbs, K: offset}, {Code: bpf.RetA}})
		var v values
		v[wordAt[offset]] = 0x1234_5678
		if got := p.Run(v.call()); got != 0x1234_5678 {
			t.Errorf("offset %d: the program loads %#x", offset, uint32(got))
		}
	}
	if len(wordAt) != wordCount {
		t.Errorf("%d words, want %d", len(wordAt), wordCount)
	}
}

func TestHighHalvesAreHigh(t *testing.T) {
	for w := range word(wordCount) {
		var v values
		v[w] = 1
		high := false
		for _, arg := range v.call().Args {
			high = high || arg == 1<<32
		}
		if highHalves.has(w) != high {
			t.Errorf("word %d: high half of an argument is %t", w, high)
		}
	}
}

// The decision that a program is read as has the action of Run.
func TestReadAsRun(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	returned := map[bpf.Action]int{}
	for range 2000 {
		p := made(t, randomCode(r))
		d := newDiagram(plenty(t))
		n, err := d.program(p)
		if err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
		for range 50 {
			var v values
			for w := range v {
				v[w] = edges[r.IntN(len(edges))]
			}
			got, want := bpf.Action(d.nodes[d.decide(n, &v)].action), p.Run(v.call()).Enforced()
			if got != want {
				t.Fatalf("%+v: read %s, run %s\n%s", v.call(), got, want, p)
			}
			returned[want]++
		}
	}
	if len(returned) < 5 {
		t.Errorf("only %v were returned", returned)
	}
}

// randomCode returns code with all instructions that are understood, on few words.
func randomCode(r *rand.Rand) (code []bpf.Instruction) {
	const length, returns = 30, 7
	jumps := []uint16{bpf.JeqK, bpf.JgtK, bpf.JgeK, bpf.JsetK}
	for len(code) < length {
		behind := length + returns - len(code) - 1
		in := bpf.Instruction{K: edges[r.IntN(len(edges))]}
		switch r.IntN(8) {
		case 0, 1:
			in.Code, in.K = bpf.LdAbs, uint32(r.IntN(wordCount))*4
		case 2:
			in.Code = bpf.AndK
		case 3:
			in.Code, in.K = bpf.Ja, uint32(r.IntN(min(behind, 4)))
		default:
			in.Code = jumps[r.IntN(len(jumps))]
			in.Jt, in.Jf = uint8(r.IntN(min(behind, 9))), uint8(r.IntN(min(behind, 9)))
		}
		code = append(code, in)
	}
	for i := range returns {
		code = append(code, bpf.Instruction{Code: bpf.RetK, K: uint32(bpf.Trap) | uint32(i)})
	}
	return code
}

func TestNotUnderstood(t *testing.T) {
	for code, fact := range map[bpf.Instruction]string{
		{Code: bpf.AddK, K: 1}:               "arithmetic",
		{Code: bpf.OrK, K: 1}:                "bits that are set",
		{Code: bpf.AndX}:                     "a mask that is not constant",
		{Code: bpf.LdImm, K: 1}:              "a constant",
		{Code: bpf.LdLen}:                    "the length",
		{Code: bpf.St}:                       "memory",
		{Code: bpf.Tax}:                      "X",
		{Code: bpf.JeqX}:                     "a comparison with X",
		{Code: bpf.RetA}:                     "a result from A",
		{Code: bpf.JsetX}:                    "a bit test with X",
		{Code: bpf.Neg}:                      "a negation",
		{Code: bpf.RshK, K: 1}:               "a shift",
		{Code: bpf.LdxImm, K: 1}:             "a constant in X",
		{Code: bpf.JgtX, Jt: 0, Jf: 0, K: 0}: "an order by X",
	} {
		allow := bpf.Instruction{Code: bpf.RetK, K: uint32(bpf.Allow)}
		p := made(t, []bpf.Instruction{{Code: bpf.LdAbs}, {Code: bpf.JeqK, K: 7, Jf: 1}, code, allow})
		_, err := newDiagram(plenty(t)).program(p)
		if !errors.Is(err, ErrNotUnderstood) || !strings.Contains(err.Error(), "instruction 2") {
			t.Errorf("%s: error %v", fact, err)
		}
		p = made(t, []bpf.Instruction{{Code: bpf.Ja, K: 1}, code, allow})
		if _, err := newDiagram(plenty(t)).program(p); err != nil {
			t.Errorf("%s that is never reached: error %v", fact, err)
		}
	}
}

func made(t testing.TB, code []bpf.Instruction) bpf.Program {
	t.Helper()
	p, err := bpf.New(code)
	if err != nil {
		t.Fatal(fmt.Errorf("%w in %v", err, code))
	}
	return p
}
