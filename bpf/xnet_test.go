package bpf

import (
	"encoding/binary"
	"slices"
	"testing"

	xbpf "golang.org/x/net/bpf"
)

// vmOpcodes are the opcodes that the VM of golang.org/x/net/bpf supports: it has neither
// NEG nor LDX LEN, and does not mask shifts by X.
var vmOpcodes = slices.DeleteFunc(slices.Clone(allOpcodes), func(code uint16) bool {
	return slices.Contains([]uint16{Neg, LdxLen, LshX, RshX}, code)
})

func TestRunAgreesWithVM(t *testing.T) {
	r := newRandom(4)
	results := map[Action]bool{}
	for range 2000 {
		p := generate(t, r.bytes(8*(1+r.IntN(100))), vmOpcodes)
		results[compareWithVM(t, p, r.data())] = true
	}
	if len(results) < 500 {
		t.Errorf("2000 programs returned only %d different words", len(results))
	}
}

func compareWithVM(t *testing.T, p Program, d Data) Action {
	t.Helper()
	var raw []xbpf.Instruction
	for _, in := range p.Instructions() {
		raw = append(raw, xbpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}.Disassemble())
	}
	vm, err := xbpf.NewVM(raw)
	if err != nil {
		t.Fatalf("NewVM: %v\n%v", err, p)
	}
	// The VM loads big-endian words.
	packet := make([]byte, 0, DataSize)
	bytes := d.Bytes()
	for word := range slices.Chunk(bytes[:], 4) {
		packet = binary.BigEndian.AppendUint32(packet, binary.NativeEndian.Uint32(word))
	}
	want, err := vm.Run(packet)
	if err != nil {
		t.Fatalf("VM: %v\n%v", err, p)
	}
	got := p.Run(d)
	if uint32(got) != uint32(want) {
		t.Fatalf("for %+v\nVM  = %#x\nRun = %#x\n%v", d, uint32(want), uint32(got), p)
	}
	return got
}
