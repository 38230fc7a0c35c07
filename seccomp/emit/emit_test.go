package emit

import (
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
)

var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{"read": 0, "write": 1, "open": 2, "close": 3, "lseek": 8, "execve": 59, "personality": 135}}
	i386  = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{"read": 3, "write": 4, "open": 5, "close": 6, "lseek": 19, "execve": 11, "personality": 136}}
)

func meaningOf(t *testing.T, profile string) *meaning.Meaning {
	t.Helper()
	p, err := seccomp.Parse([]byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	return meaning.New(p, []*meaning.ABI{x8664, i386})
}

// A prologue that re-emits all syscalls decides as the profile means, with no program of
// libseccomp behind it.
func TestEmittedDecidesAsMeant(t *testing.T) {
	rules := []string{
		`{"names":["read","write","close"],"action":"SCMP_ACT_ALLOW"}`,
		`{"names":["lseek"],"action":"SCMP_ACT_ERRNO","errnoRet":22},{"names":["read"],"action":"SCMP_ACT_KILL_PROCESS"}`,
	}
	for _, op := range seccomp.Operators() {
		for _, value := range []uint64{0, 1, 1<<32 - 1, 1 << 32, 1<<63 + 5} {
			rules = append(rules, fmt.Sprintf(`{"names":["personality"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":%d,"valueTwo":7,"op":%q},{"index":2,"value":3,"op":"SCMP_CMP_NE"}]}`, value, op))
		}
	}
	for _, rule := range rules {
		for _, otherwise := range []string{"SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"} {
			m := meaningOf(t, fmt.Sprintf(`{"defaultAction":%q,"syscalls":[%s]}`, otherwise, rule))
			behind, err := Foreign(m)
			if err != nil {
				t.Fatal(err)
			}
			program, err := Prologue(behind, m, Conditional(m, All))
			if err != nil {
				t.Fatal(err)
			}
			if differences, err := check.Compare(t.Context(), program, m); err != nil || len(differences) > 0 {
				t.Errorf("%s, else %s: %v, %v", rule, otherwise, differences, err)
			}
		}
	}
}

// A syscall whose arguments matter and which is not re-emitted is left to the program.
func TestPrologueLeavesTheRest(t *testing.T) {
	m := meaningOf(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"},
		{"names":["write"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`)
	var a bpf.Assembler
	a.Return(bpf.Trap)
	behind, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	program, err := Prologue(behind, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		call bpf.Data
		want bpf.Action
	}{
		{bpf.Data{Arch: bpf.ArchX86_64, Nr: 0}, bpf.Errno | 1},
		{bpf.Data{Arch: bpf.ArchX86_64, Nr: 1}, bpf.Trap},
		{bpf.Data{Arch: bpf.ArchX86_64, Nr: 2}, bpf.Allow},
		{bpf.Data{Arch: bpf.ArchAARCH64, Nr: 2}, bpf.Trap},
	} {
		if got := program.Run(row.call); got != row.want {
			t.Errorf("%v %d: got %v, want %v", row.call.Arch, row.call.Nr, got, row.want)
		}
	}
}

func TestSyscallNames(t *testing.T) {
	m := meaningOf(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["open","write"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`)
	got := Conditional(m, func(arch bpf.Arch, nr uint32) bool { return m.ABI(arch, nr).SyscallName(nr) == "write" })
	if want := "[SCMP_ARCH_X86 write SCMP_ARCH_X86_64 write]"; fmt.Sprint(got.Names(m)) != want {
		t.Errorf("got %v, want %s", got.Names(m), want)
	}
}
