package arguments

import (
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestOf(t *testing.T) {
	for _, row := range []struct {
		abi           specs.Arch
		syscall, want string
	}{
		{specs.ArchX86_64, "socket", "[{family 32} {type 32} {protocol 32}]"},
		{specs.ArchX32, "ioctl", "[{fd 32} {cmd 32} {arg 64}]"},
		{specs.ArchAARCH64, "personality", "[{personality 32}]"},
		{specs.ArchX86_64, "clone", "[{clone_flags 32} {- 64} {- 64} {- 64} {- 64} {tls 64}]"},
		{specs.ArchX86_64, "chmod", "[{filename 64} {mode 16}]"},
		{specs.ArchX86_64, "getpid", "[]"},
		{specs.ArchX86, "socket", "[]"},
		{specs.ArchX86_64, "no_such_call", "[]"},
	} {
		if got := fmt.Sprint(Of(row.abi, row.syscall)); got != row.want {
			t.Errorf("%s on %s: got %s, want %s", row.syscall, row.abi, got, row.want)
		}
	}
	if Of(specs.ArchX86_64, "getpid") == nil || Of(specs.ArchX86_64, "no_such_call") != nil {
		t.Error("no arguments are not the same as unknown ones")
	}
}

func TestTable(t *testing.T) {
	if len(table()) < 300 {
		t.Errorf("only %d syscalls", len(table()))
	}
	for syscall, all := range table() {
		if len(all) > 6 {
			t.Errorf("%s has %d arguments", syscall, len(all))
		}
		for _, a := range all {
			if a.Name == "" || a.Bits != 16 && a.Bits != 32 && a.Bits != 64 {
				t.Errorf("%s: %+v", syscall, a)
			}
		}
	}
}
