package recording

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/arguments"
)

// The widths of arguments are those of package arguments, which are derived from the kernel's
// sources. The shim does not link that table, because it knows all syscalls.
func TestWidths(t *testing.T) {
	compared := 0
	for _, d := range decisive {
		known := arguments.Of(specs.ArchX86_64, d.name)
		if known == nil {
			continue // a syscall of other ABIs, whose registers have 32 bits
		}
		for _, arg := range d.args {
			want := uint(known[arg.Index].Bits)
			if d.name == "clone" {
				want = 32 // kernel/fork.c, lower_32_bits
			}
			compared++
			if arg.Bits != want {
				t.Errorf("%s: argument %d has %d bits, the kernel reads %d", d.name, arg.Index, arg.Bits, want)
			}
		}
	}
	if compared < 15 {
		t.Errorf("%d arguments are compared", compared)
	}
}
