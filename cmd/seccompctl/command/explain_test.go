package command

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/resolve"
)

// For calls with known arguments, the explanation has the action of the compiled program.
func TestExplainAgreesWithTheProgram(t *testing.T) {
	standard, err := resolve.Choose(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: ctrCapabilities}}},
		resolve.Options{UnsetProfile: runtimeDefault})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := standard.Load()
	if err != nil {
		t.Fatal(err)
	}
	calls := [][6]uint64{{}, {1, 1}, {8}, {16}, {40}, {0x20000}, {0xffffffff}, {0x10000000, 2, 3, 4, 5, 6}, {1 << 32}, {^uint64(0), ^uint64(0)}}
	mustAgree(t, profile, calls)
	needAMD64(t)
	mustAgree(t, profileIn(t, "testdata/arguments.json"), calls)
}

func mustAgree(t *testing.T, p *seccomp.Profile, calls [][6]uint64) {
	t.Helper()
	program := compiled(t, p)
	m, err := compile.Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, abi := range m.ABIs {
		for _, nr := range abi.Numbers {
			for _, args := range calls {
				for _, a := range explain.Number(p, m, nr, args[:]...).Answers {
					seen := args
					for i := range seen {
						if narrow := m.ABI(a.Arch, nr); !narrow.Wide() {
							seen[i] = uint64(uint32(seen[i]))
						}
					}
					d := bpf.Data{Arch: a.Arch, Nr: nr, Args: seen}
					if got := program.Run(d); len(a.Cases) != 1 || a.Cases[0].Action.Enforced() != got.Enforced() {
						t.Fatalf("%s %s %#x: explained as %v, the program decides %v", a.ABI, a.Name, args, a.Cases, got)
					}
					checked++
				}
			}
		}
	}
	if checked < 1000 {
		t.Errorf("only %d calls", checked)
	}
}
