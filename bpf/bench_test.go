package bpf

import "testing"

// For the last number of a chain nearly all of 1000 instructions run.
func BenchmarkRun(b *testing.B) {
	p := chain(b, 1000)
	d := Data{Nr: 1 << 20, Arch: ArchX86_64}
	if got := p.Run(d); got != ErrnoOf(38) {
		b.Fatalf("Run = %v: the chain was left early", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Run(d)
	}
}

// The cost of a program from a cache before its use.
func BenchmarkDecode(b *testing.B) {
	raw := chain(b, 1000).Bytes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
