package bpf

import (
	"encoding/binary"
	"slices"
	"testing"
)

// Decode never panics and accepts what New and the kernel accept. A program that it accepts
// can be encoded, printed and run on any data.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw, data []byte) {
		p, err := Decode(raw)
		if len(raw)%instructionSize != 0 {
			if err == nil {
				t.Fatalf("Decode accepts %d bytes", len(raw))
			}
			return
		}
		code := sockFilters(raw)
		if _, newErr := New(code); (newErr == nil) != (err == nil) {
			t.Fatalf("Decode: %v, New: %v", err, newErr)
		}
		if len(code) <= MaxInstructions+1 {
			if got := kernel(t).accepts(t, code)[0]; got != (err == nil) {
				t.Fatalf("Decode: %v, kernel accepts: %t", err, got)
			}
		}
		if err != nil {
			return
		}
		if got := p.Bytes(); !slices.Equal(got, raw) {
			t.Errorf("Bytes = %x, want %x", got, raw)
		}
		p.Run(dataFrom(data))
		_ = p.String()
	})
}

// sockFilters decodes raw in another way than Decode.
func sockFilters(raw []byte) []Instruction {
	code := make([]Instruction, len(raw)/instructionSize)
	if _, err := binary.Decode(raw, binary.NativeEndian, code); err != nil {
		panic(err)
	}
	return code
}

// dataFrom makes data from any bytes; those that are missing are 0.
func dataFrom(raw []byte) (d Data) {
	var b [DataSize]byte
	copy(b[:], raw)
	if _, err := binary.Decode(b[:], binary.LittleEndian, &d); err != nil {
		panic(err)
	}
	return d
}

// Run returns what the VM of golang.org/x/net/bpf returns.
func FuzzRun(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw, data []byte) {
		compareWithVM(t, generate(t, raw, vmOpcodes), dataFrom(data))
	})
}

// Run returns what the running kernel returns.
func FuzzKernel(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw, data []byte) {
		compareWithKernel(t, kernel(t), generate(t, raw, allOpcodes), []Data{dataFrom(data)})
	})
}
