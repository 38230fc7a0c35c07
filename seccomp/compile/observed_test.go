package compile

import (
	"errors"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
)

// An observed program notifies exactly the refused calls, and decides all others as the
// profile does.
func TestObserved(t *testing.T) {
	byDefault, err := seccomp.New(defaultProfile(nil))
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := seccomp.Parse([]byte(`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":13,"architectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
		{"names":["read","execve","exit_group"],"action":"SCMP_ACT_ALLOW"},
		{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"op":"SCMP_CMP_EQ","value":4294967301}]},
		{"names":["personality"],"action":"SCMP_ACT_ERRNO","errnoRet":1,"args":[{"index":1,"op":"SCMP_CMP_GT","value":7}]},
		{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_EQ","value":38}]},
		{"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS"},{"names":["rmdir"],"action":"SCMP_ACT_TRAP"},{"names":["chdir"],"action":"SCMP_ACT_LOG"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for name, p := range map[string]*seccomp.Profile{"default": byDefault, "mixed": mixed} {
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range denials.Modes() {
			result, err := New(nil).CompileObserved(t.Context(), p, mode)
			if err != nil {
				t.Fatal(name, mode, err)
			}
			if result.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER == 0 {
				t.Errorf("%s, %s: the filter has no listener", name, mode)
			}
			for range 100_000 {
				d := bpf.Data{Arch: []bpf.Arch{bpf.ArchX86_64, bpf.ArchI386, bpf.ArchAARCH64}[random.IntN(3)], Nr: uint32(random.IntN(600))}
				if random.IntN(3) == 0 {
					d.Nr |= bpf.X32Bit
				}
				for i := range d.Args {
					d.Args[i] = []uint64{0, 5, 7, 8, 38, 1<<32 + 5, random.Uint64()}[random.IntN(7)]
				}
				if got, want := result.Program.Run(d).Enforced(), mode.Observed(m.Decide(d)).Enforced(); got != want {
					t.Fatalf("%s, %s: %+v: got %v, want %v", name, mode, d, got, want)
				}
			}
		}
	}
}

// A profile with an agent of its own cannot be observed. A profile that refuses execve can
// only be tried.
func TestNotObserved(t *testing.T) {
	notifies, err := seccomp.Parse([]byte(`{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(nil).CompileObserved(t.Context(), notifies, denials.Enforcing); !errors.Is(err, ErrNotifies) {
		t.Errorf("a profile that notifies: %v", err)
	}
	nothing, err := seccomp.Parse([]byte(`{"defaultAction":"SCMP_ACT_ERRNO"}`))
	if err != nil {
		t.Fatal(err)
	}
	refusal := (*seccomp.InvalidError)(nil)
	if _, err := New(nil).CompileObserved(t.Context(), nothing, denials.Enforcing); !errors.As(err, &refusal) {
		t.Errorf("a profile that refuses execve: %v", err)
	}
	if _, err := New(nil).CompileObserved(t.Context(), nothing, denials.Trial); err != nil {
		t.Errorf("its trial: %v", err)
	}
}
