package libseccomp

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	golang "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/syscalls"
)

// late are syscalls that an architecture got after libseccomp knew them on others.
var late = map[string][]specs.Arch{
	"memfd_secret":     {specs.ArchRISCV64, specs.ArchS390, specs.ArchS390X, specs.ArchLOONGARCH64}, // 2.5.4; loongarch64: 2.6.1
	"map_shadow_stack": {specs.ArchX32},                                                             // Debian's 2.5.4
	"cacheflush":       {specs.ArchPARISC, specs.ArchPARISC64},                                      // 2.5.4
}

// libseccomp's numbers are those of the table, on each architecture, for the names
// that it knows.
func TestLibseccompAgreesWithTheTable(t *testing.T) {
	agreed := map[specs.Arch]int{}
	for abi, arch := range archs {
		table := maps.Collect(syscalls.On(abi))
		for name, nr := range table {
			got, err := golang.GetSyscallFromNameByArch(name, arch.scmp)
			if err != nil || got < 0 && slices.Contains(late[name], abi) {
				continue // not known yet
			}
			if uint32(got) != nr {
				t.Errorf("%s on %s: libseccomp says %d, the table %d", name, abi, got, nr)
			}
			agreed[abi]++
		}
		const firstCommon = 424
		for nr := syscalls.Base(abi) + firstCommon; nr < syscalls.Base(abi)+firstCommon+88; nr++ {
			if name := libseccompName(abi, nr); name != "" && table[name] != nr {
				t.Errorf("%s on %s: libseccomp says %d, the table %d", name, abi, nr, table[name])
			}
		}
	}
	if len(agreed) < 15 || agreed[Native()] < 15 {
		t.Errorf("libseccomp %s knows few of the names: %v", Version(), agreed)
	}
	t.Logf("libseccomp %s agrees on %v", Version(), agreed)
}

// What a name means does not depend on libseccomp's age: one that knows nothing of
// the table gives the same syscalls.
func TestTablesDoNotDependOnLibseccomp(t *testing.T) {
	for abi := range archs {
		old := newTable(abi, func(on specs.Arch, nr uint32) string {
			name := libseccompName(on, nr)
			for newer, number := range syscalls.On(abi) {
				if name == newer && number == nr {
					return ""
				}
			}
			return name
		})
		if now := ABI(abi); !maps.Equal(old.Numbers, now.Numbers) {
			t.Errorf("%s: an old libseccomp makes %d syscalls, this one %d", abi, len(old.Numbers), len(now.Numbers))
		}
	}
}

func ExampleSyscallName() {
	fmt.Println(SyscallName(bpf.ArchX86_64, 462), SyscallName(bpf.ArchX86_64, bpf.X32Bit|462), SyscallName(bpf.ArchMIPS64N32, 6462))
	// Output: mseal mseal mseal
}
